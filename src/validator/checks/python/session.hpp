// What the checks of the group python share: the image's own interpreter, run as the container's user with the
// container's environment; and what its failures mean.
#pragma once

#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <envforge/process/process.hpp>
#include <envforge/support/environment.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/text.hpp>
#include <nlohmann/json.hpp>

#include "harness/check.hpp"
#include "harness/context.hpp"
#include "loader/python_environment.hpp"

namespace envforge::validator::checks::python {

/// What the words of a failure mean: the first row whose word the output holds.
struct Meaning {
  const char* word;
  const char* sentence;
  protocol::Layer layer;
  const char* mend;
};
const std::vector<Meaning>& meanings();

class Session {
 public:
  explicit Session(harness::Context& context) {
    const auto environment = support::environment_of(environ);
    const loader::Root root;
    const auto all = loader::find_python_environments(root, environment, context.request().python);
    const auto torch = loader::find_torch(root, all);
    if (!torch) {
      why_absent_ = all.empty() ? "the image has no Python" : "no Python of the image has torch";
      return;
    }
    for (const char* name : {"/bin/python3", "/bin/python"}) {
      if (interpreter_.empty() && access((torch->python.prefix + name).c_str(), X_OK) == 0) {
        interpreter_ = torch->python.prefix + name;
      }
    }
    if (interpreter_.empty()) why_absent_ = torch->python.prefix + " has torch and no interpreter";
  }

  /// The interpreter; throws harness::Skip where there is none.
  const std::string& interpreter() const {
    if (interpreter_.empty()) throw harness::Skip(why_absent_);
    return interpreter_;
  }

  /// Runs `argv` (what follows the interpreter) with `input` on standard input. The result is the last line of its
  /// output that begins with "ENVFORGE ", as JSON. A script that ends otherwise is a Failure with the end of what it
  /// printed.
  nlohmann::json run(std::vector<std::string> argv, const nlohmann::json& input, int seconds,
                     const std::map<std::string, std::string>& settings = {}) {
    process::Command command;
    command.argv = {interpreter()};
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    command.extra_environment = settings;
    command.extra_environment["PYTHONDONTWRITEBYTECODE"] = "1";
    command.working_directory = "/";  // `import` must not find what happens to lie here
    command.standard_input = input.dump();
    command.deadline = std::chrono::seconds(seconds);
    process::PosixProcessRunner runner;
    const auto outcome = runner.run(command);
    const auto result = last_word(outcome.out);
    if (outcome.ok() && result) return *result;
    fail(outcome);
  }

 private:
  static std::optional<nlohmann::json> last_word(const std::string& out) {
    const std::string mark = "ENVFORGE ";
    const auto lines = support::split(out, '\n');
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      if (!support::starts_with(*line, mark)) continue;
      try {
        return support::parse_json(line->substr(mark.size()), "the script's result", support::ErrorCode::kProtocol);
      } catch (const support::Error&) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  [[noreturn]] static void fail(const process::Outcome& outcome) {
    const std::string said = end_of(outcome.err, 20000) + end_of(outcome.out, 2000);
    std::vector<std::string> lines;
    for (const auto& line : support::split(support::trim(end_of(outcome.err, 1500)), '\n')) {
      if (!support::trim(line).empty()) lines.push_back(support::printable(support::trim(line)));
    }
    const std::string tail = support::join(lines, " | ");
    if (outcome.kind == process::Outcome::Kind::kDeadline) {
      throw harness::Failure("Python " + process::describe(outcome), protocol::Layer::kNone, tail,
                             "run it again on a machine with less load; it ends there with what it waited for");
    }
    const bool bus = outcome.kind == process::Outcome::Kind::kSignaled && outcome.signal == SIGBUS;
    for (const auto& meaning : meanings()) {
      if (said.find(meaning.word) == std::string::npos && !(bus && std::string(meaning.word) == "Bus error")) continue;
      throw harness::Failure(meaning.sentence, meaning.layer, tail, meaning.mend);
    }
    throw harness::Failure("Python " + process::describe(outcome) + (lines.empty() ? "" : ": " + lines.back()),
                           protocol::Layer::kImage, tail,
                           "the packages of the image; `envforge build` installs them again");
  }
  static std::string end_of(const std::string& text, std::size_t most) {
    return text.size() > most ? text.substr(text.size() - most) : text;
  }

  std::string interpreter_;
  std::string why_absent_;
};

// Words of the programs themselves: torch's DataLoader, Inductor and Triton, the dynamic linker, getpass.
inline const std::vector<Meaning>& meanings() {
  using protocol::Layer;
  static const std::vector<Meaning> table = {
      {"insufficient shared memory", "a DataLoader's worker died of a full /dev/shm", Layer::kContainerFlags,
       "docker run --shm-size=1g (or --ipc=host); in the recipe: run: {shm: 1g}"},
      {"Bus error", "a process died of a bus error: /dev/shm is full", Layer::kContainerFlags,
       "docker run --shm-size=1g (or --ipc=host); in the recipe: run: {shm: 1g}"},
      {"unable to write to file </torch_", "a DataLoader's worker could not write to /dev/shm", Layer::kContainerFlags,
       "docker run --shm-size=1g (or --ipc=host); in the recipe: run: {shm: 1g}"},
      {"Failed to find C compiler", "torch.compile found no C compiler", Layer::kImage,
       "in the recipe: capabilities: [torch_compile]"},
      {"No working C++ compiler found", "torch.compile found no C++ compiler", Layer::kImage,
       "in the recipe: capabilities: [torch_compile]"},
      {"Python.h: No such file", "torch.compile found no Python.h", Layer::kImage,
       "in the recipe: capabilities: [torch_compile]"},
      {"No module named 'setuptools'", "torch.compile of this torch needs setuptools, which is not installed",
       Layer::kImage, "in the recipe: packages: {pip: [setuptools]}"},
      {"getpwuid(): uid not found", "the container's user has no name, which torch's caches ask for",
       Layer::kContainerFlags, "docker run --env USER=user, or a --user that the image's /etc/passwd names"},
      {"Read-only file system", "Python may not write where torch keeps its caches", Layer::kContainerFlags,
       "docker run --tmpfs /tmp --env HOME=/tmp"},
      {"undefined symbol", "a library lacks a symbol that another needs: two builds are mixed", Layer::kImage,
       "the group audit names the libraries; remove the second copy or unset LD_LIBRARY_PATH"},
      {"Cannot find a working triton installation", "torch.compile found no triton", Layer::kImage,
       "in the recipe: capabilities: [torch_compile]"}};
  return table;
}

}  // namespace envforge::validator::checks::python
