#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include <envforge/app/load_recipe.hpp>
#include <envforge/app/run_image.hpp>
#include <envforge/process/process.hpp>
#include <envforge/support/error.hpp>

#include "command_table.hpp"
#include "commands/one_each.hpp"

namespace envforge::cli {
namespace {

struct RunArguments {
  std::string recipe;
  std::string gpus = "all";
  std::string injection = "auto";
  bool print = false;
  app::RunOptions run;
};

// The docker client takes this process's place, so that the terminal, its size and Ctrl-C are the container's.
[[noreturn]] void become(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));  // execvp does not write to them
  words.push_back(nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvp(words[0], words.data());
  throw support::Error(support::ErrorCode::kEngineFailed,
                       argv.front() + " could not be started: " + std::strerror(errno));
}

}  // namespace

Action declare_run(CLI::App& command) {
  auto arguments = std::make_shared<RunArguments>();
  command.add_option("recipe", arguments->recipe, "the recipe; envforge.yaml in this folder if left out");
  command.add_option("--gpus", arguments->gpus, "all, none, idle, a number, device=0,1 or device=GPU-<uuid>");
  command.add_option("--injection", arguments->injection,
                     "how GPUs reach the container: auto, gpus (--gpus) or cdi (--device)");
  one_each(command.add_option("-e,--env", arguments->run.environment,
                              "NAME=VALUE, or NAME for its value here: how tokens and keys are given"));
  command.add_flag("--print", arguments->print, "print the docker command instead of running it");
  command.add_option("command", arguments->run.command, "after --: a command instead of the image's own");
  return [arguments](Session& session) {
    auto options = arguments->run;
    options.gpus = app::parse_gpus(arguments->gpus);
    options.injection = app::parse_injection(arguments->injection);
    options.terminal = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1;
    const auto recipe = app::load_recipe(arguments->recipe, session.site());
    const auto argv = app::run_command(session.world(), recipe, options);
    session.events().finish();
    if (!arguments->print) become(argv);
    print_out(process::to_shell(argv) + "\n");
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
