#include <filesystem>
#include <optional>
#include <string>

#include <envforge/app/inspect_process.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

struct InspectArguments {
  std::optional<int> pid;
  std::string thing;
};

struct Instead {
  std::string what, hint;
};

// What is no process has commands of its own.
Instead instead_of(const std::string& thing) {
  const std::string name = support::printable(thing);
  std::error_code trouble;
  if (thing.empty()) return {": --pid is required", "envforge inspect --pid PID; nvidia-smi and `docker top` show it"};
  if (thing.find_first_not_of("0123456789") == std::string::npos) {
    return {" by its number", "envforge inspect --pid " + name};
  }
  if (std::filesystem::exists(thing, trouble)) {
    return {", and '" + name + "' is a file",
            "envforge diff A B compares two locks, recipes or reports; envforge explain RECIPE says why it resolves"};
  }
  return {", and '" + name + "' is none",
          "an image is judged by envforge verify " + name + " --gpus none, and compared by envforge diff A B"};
}

}  // namespace

Action declare_inspect(CLI::App& command) {
  auto arguments = std::make_shared<InspectArguments>();
  command.add_option("--pid", arguments->pid, "a running process, also one in a container, by its number on this host");
  command.add_option("thing", arguments->thing, "anything else: says which command shows it");
  return [arguments](Session& session) {
    if (!arguments->thing.empty() || !arguments->pid) {
      const Instead instead = instead_of(arguments->thing);
      throw support::Error(support::ErrorCode::kUsage, "inspect shows a running process" + instead.what, std::nullopt,
                           instead.hint);
    }
    const auto process = app::inspect_process(session.world().processes, "/proc", *arguments->pid);
    session.events().finish();
    print_out(session.options().json ? app::inspection_json(process) : app::inspection_text(process));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
