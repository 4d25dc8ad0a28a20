// What the checks of the group python share: the image's own interpreter, run as the container's user with the
// container's environment, and the scripts that run in it. A script starts in a check's prepare, so that importing
// torch costs nobody's turn; one that needs the GPUs gets its input, and goes on, when the group's turn begins. Then
// all of them work at once.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <list>
#include <map>
#include <memory>
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
#include "scripts/explain.hpp"
#include "scripts/script.hpp"

namespace envforge::validator::checks::python {

/// When a script gets its input.
enum class Start { kAtOnce, kOnTheGpus };

/// A script that was begun and is not finished.
struct Task {
  Task(process::Command command, std::string text) : script(std::move(command)), input(std::move(text)) {}
  scripts::Script script;
  std::string input;  // one line, or "" for none: then the end of its input is what it waits for
  bool told = false;
};

// The interpreter that several checks share: it imports torch once and works off one line of JSON after the other.
inline constexpr const char* kSharedLoop = R"py(
step("import torch")
import torch, traceback
try:
    import torch._dynamo  # what torch.optim would import at its first use
except Exception:
    pass
step("waiting for its turn")
for line in sys.stdin:
    asked = json.loads(line)
    try:
        exec(asked["code"], dict(globals(), asked=asked))
    except Exception:
        tell({"traceback": traceback.format_exc()})
)py";

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

  /// Starts `argv` (what follows the interpreter), which reads `asked` as one line of its input; null: only the end of
  /// the input.
  Task& begin(const std::vector<std::string>& argv, const nlohmann::json& asked, Start start,
              const std::map<std::string, std::string>& settings = {}) {
    tasks_.emplace_back(command(argv, settings), asked.is_null() ? "" : asked.dump());
    if (start == Start::kAtOnce) tell(tasks_.back());
    return tasks_.back();
  }
  /// The same for the text of a script.
  Task& begin(const char* script, const nlohmann::json& asked, Start start) {
    return begin({"-c", std::string(scripts::kPrelude) + script}, asked, start);
  }

  /// Waits for the script's end. What it told last is the result; one that ends otherwise, or not at all, is a Failure,
  /// a Crash or a Hang.
  nlohmann::json finish(harness::Context& context, Task& task) {
    const auto until = turn() + std::chrono::seconds(kSeconds);
    const auto ended = task.script.end(until, said_to(context));
    if (!ended) scripts::explain(task.script.stop(), task.script.step(), kSeconds);
    std::optional<std::string> result, last;
    while ((result = task.script.result(until, {}))) last = result;
    if (!ended->ok() || !last) scripts::explain(*ended, task.script.step(), kSeconds);
    return parsed(*last);
  }

  /// Starts the shared interpreter, if it does not run. For a check's prepare.
  void warm() {
    if (shared_ == nullptr) {
      shared_ = std::make_unique<scripts::Script>(command({"-c", scripts::kPrelude + std::string(kSharedLoop)}, {}));
    }
  }
  /// What `script` tells of `asked`, run by the shared interpreter. After a failure the next check gets a new one: a
  /// fault of CUDA stays with its process.
  nlohmann::json ask(harness::Context& context, const std::string& script, nlohmann::json asked) {
    using Clock = scripts::Script::Clock;
    // The first that asks may wait for the import of torch as well.
    const auto until =
        std::max(turn() + std::chrono::seconds(kSeconds), Clock::now() + std::chrono::seconds(kSecondsAsked));
    const auto began = Clock::now();
    warm();
    asked["code"] = script;
    shared_->give(asked.dump());
    const auto result = shared_->result(until, said_to(context));
    if (!result) {
      const auto used = std::move(shared_);
      const auto ended = used->end(Clock::now(), {});
      const auto waited = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - began);
      scripts::explain(ended ? *ended : used->stop(), used->step(), static_cast<int>(waited.count()));
    }
    const auto value = parsed(*result);
    if (value.count("traceback") == 0) return value;
    const auto used = std::move(shared_);
    scripts::explain_exception(value.at("traceback").get<std::string>(), used->step());
  }

 private:
  // From the beginning of the turn, for they all work at once; the driver gives a group 120 s.
  static constexpr int kSeconds = 100;
  static constexpr int kSecondsAsked = 40;

  process::Command command(const std::vector<std::string>& argv,
                           const std::map<std::string, std::string>& settings) const {
    process::Command out;
    out.argv = {interpreter()};
    out.argv.insert(out.argv.end(), argv.begin(), argv.end());
    out.extra_environment = settings;
    out.extra_environment["PYTHONDONTWRITEBYTECODE"] = "1";
    out.extra_environment["PYTHONFAULTHANDLER"] = "1";  // where it was when a signal killed it
    out.working_directory = "/";                        // `import` must not find what happens to lie here
    return out;
  }

  static void tell(Task& task) {
    if (!task.input.empty()) task.script.give(task.input);
    task.script.close_input();
    task.told = true;
  }

  // The first that waits for an answer has the turn, and so all have.
  scripts::Script::Clock::time_point turn() {
    if (!turn_) {
      turn_ = scripts::Script::Clock::now();
      for (auto& task : tasks_) {
        if (!task.told) tell(task);
      }
    }
    return *turn_;
  }

  static scripts::Script::OnStep said_to(harness::Context& context) {
    return [&context](const std::string& step) { context.doing(step); };
  }

  static nlohmann::json parsed(const std::string& text) {
    return support::parse_json(text, "the script's result", support::ErrorCode::kProtocol);
  }

  std::string interpreter_;
  std::string why_absent_;
  std::list<Task> tasks_;
  std::unique_ptr<scripts::Script> shared_;
  std::optional<scripts::Script::Clock::time_point> turn_;
};

/// For a check's prepare: one that has nothing to say without a GPU is skipped.
inline void need_gpu(harness::Context& context) {
  context.session<Session>().interpreter();
  if (context.request().gpus.empty()) throw harness::Skip("it is about the GPU, and the run has none");
}

}  // namespace envforge::validator::checks::python
