#include <algorithm>

#include <envforge/app/load_recipe.hpp>
#include <envforge/app/lock_recipe.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/lock_options.hpp"

namespace envforge::cli {
namespace {

std::string lock_text(const app::LockResult& result) {
  std::string text;
  for (const auto& [platform, locked] : result.lock.platforms) {
    text += platform + "\n";
    for (const auto& choice : locked.choices) {
      std::string name = choice.component;
      name.resize(std::max<std::size_t>(name.size(), 14), ' ');
      const std::string reason = choice.reason + (choice.source.empty() ? "" : " [" + choice.source + "]");
      text += "  " + name + " " + choice.version + "\n      " + support::wrap(reason, 6, 6) + "\n";
    }
    if (!locked.wheels.empty()) {
      text += "  " + std::to_string(locked.wheels.size()) + " wheels, " +
              std::to_string(locked.debs.size() + locked.base.debs.size()) + " Debian packages, each by hash\n";
    }
  }
  for (const auto& line : result.differences) text += support::wrap("changed: " + line, 0, 9) + "\n";
  for (const auto& line : result.stayed) text += line + "\n";
  if (!result.path.empty()) text += (result.written ? "wrote " : "unchanged: ") + result.path + "\n";
  return text;
}

}  // namespace

Action declare_lock(CLI::App& command) {
  auto options = std::make_shared<LockArguments>();
  // Whoever types `lock` wants a lock; CI's default is for build and render.
  add_lock_arguments(command, *options, false);
  command.add_flag("--no-packages", options->no_packages, "only the version set: no network, nothing is written");
  return [options](Session& session) {
    const auto recipe = app::load_recipe(options->recipe, session.site());
    auto request = lock_options(*options);
    if (!options->locked && !options->frozen) request.mode = app::LockMode::kUpdate;
    request.always = request.mode == app::LockMode::kUpdate;
    const auto result = app::lock_recipe(session.world(), recipe, request);
    session.events().finish();
    for (const auto& warning : result.warnings) session.events().warn(warning);
    print_out(session.options().json ? documents::write_lock(result.lock) : lock_text(result));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
