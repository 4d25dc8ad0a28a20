#include "commands/lock_options.hpp"

#include <cstdlib>

#include <envforge/support/error.hpp>
#include <envforge/versions/package_name.hpp>

#include "commands/one_each.hpp"

namespace envforge::cli {
namespace {

constexpr const char* kEverything = "all";  // the value of --upgrade without one

}  // namespace

void add_lock_arguments(CLI::App& command, LockArguments& arguments, bool locked_in_ci) {
  command.add_option("recipe", arguments.recipe, "the recipe; envforge.yaml in this folder if left out");
  auto* locked = command.add_flag("--locked", arguments.locked,
                                  std::string("refuse when the recipe changed since the lock") +
                                      (locked_in_ci ? " (the default where CI is set)" : ""));
  command.add_flag("--frozen", arguments.frozen, "take the lock as it is")->excludes(locked);
  command.add_flag("--upgrade{" + std::string(kEverything) + "}", arguments.upgrade,
                   "forget the pins of the old lock; --upgrade=PKG: of this package only, Python's or Debian's");
  one_each(command.add_option("--upgrade-package", arguments.upgrade, "the same as --upgrade=PKG"));
  command.add_option("--exclude-newer", arguments.exclude_newer,
                     "no package uploaded after this UTC date (2026-11-21 or 2026-11-21T12:00:00Z)");
}

app::LockOptions lock_options(const LockArguments& arguments) {
  app::LockOptions options;
  const char* ci = std::getenv("CI");
  const bool in_ci = ci != nullptr && *ci != '\0' && std::string(ci) != "false" && std::string(ci) != "0";
  if (arguments.frozen) {
    options.mode = app::LockMode::kFrozen;
  } else if (arguments.locked) {
    options.mode = app::LockMode::kLocked;
  } else if (in_ci && arguments.upgrade.empty()) {
    options.mode = app::LockMode::kLocked;
  }
  options.packages = !arguments.no_packages;
  for (const auto& name : arguments.upgrade) {
    if (name == kEverything) {
      options.upgrade = true;
    } else {
      options.upgrade_only.push_back(versions::normal_name(name));
    }
  }
  options.exclude_newer = arguments.exclude_newer;
  return options;
}

}  // namespace envforge::cli
