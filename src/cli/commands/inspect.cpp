#include <envforge/app/inspect_process.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

struct InspectArguments {
  int pid = 0;
};

}  // namespace

Action declare_inspect(CLI::App& command) {
  auto arguments = std::make_shared<InspectArguments>();
  command.add_option("--pid", arguments->pid, "a running process, also one in a container, by its number on this host")
      ->required();
  return [arguments](Session& session) {
    const auto process = app::inspect_process(session.world().processes, "/proc", arguments->pid);
    session.events().finish();
    print_out(session.options().json ? app::inspection_json(process) : app::inspection_text(process));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
