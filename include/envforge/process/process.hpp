// Child processes: an argv vector, never a shell string. Used by engine, packages, bases and the validator's driver.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::process {

struct Command {
  /// argv[0] is looked up on PATH unless it holds a slash.
  std::vector<std::string> argv;
  /// nullopt inherits the parent's environment; a map replaces it whole.
  std::optional<std::map<std::string, std::string>> environment;
  /// Set on top of the environment above.
  std::map<std::string, std::string> extra_environment;
  std::string working_directory;  // "" = the parent's
  /// Written to the child's standard input, which is then closed. Without text or file the child reads /dev/null.
  std::string standard_input;
  std::string standard_input_file;
  /// An open descriptor of the caller's that the child reads instead, so that input can come while it runs; -1 = none.
  int standard_input_fd = -1;
  /// Where standard output goes instead of Outcome::out.
  std::string standard_output_file;
  /// Zero: none. When it passes, the child's process group gets SIGTERM, and SIGKILL two seconds later.
  std::chrono::milliseconds deadline{0};
  /// Runs to its end even after an interruption: for work that cleans up behind an interrupted one.
  bool uninterruptible = false;
  /// Bytes of each stream that Outcome keeps: the first of `out`, the last of `err`.
  std::size_t keep_bytes = 64U << 20;
};

struct Outcome {
  enum class Kind { kExited, kSignaled, kDeadline, kInterrupted, kNotStarted };
  Kind kind = Kind::kNotStarted;
  int exit_code = -1;  // kExited only
  int signal = 0;      // kSignaled only
  std::string out;
  std::string err;  // for kNotStarted: why
  std::chrono::milliseconds took{0};
  long peak_memory_kb = 0;  // ru_maxrss of the child; never below what the caller itself had in memory when it forked

  bool ok() const { return kind == Kind::kExited && exit_code == 0; }
};

/// One sentence: "exited with 3", "was killed by signal 9 (SIGKILL)", "passed its deadline", "could not be started:
/// ...".
std::string describe(const Outcome& outcome);
/// Throws Error{kInterrupted} for a child that was ended because the user wants to stop: no answer of the program's,
/// and no fault of it.
void throw_if_interrupted(const Outcome& outcome, const std::string& program);
/// The argv as one could paste it into a shell.
std::string to_shell(const std::vector<std::string>& argv);

enum class Stream { kOut, kErr };
/// Called for each line while the child runs, without the newline, from the thread that called run(). Of a line longer
/// than 64 KiB it gets the first 64 KiB (Outcome keeps the whole).
using OnLine = std::function<void(Stream, std::string_view)>;

class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  /// Never throws for what the child does: that is the Outcome. The whole process group of the child is gone on return.
  virtual Outcome run(const Command& command, const OnLine& on_line = {}) = 0;
  /// Every file of that name on PATH that may be executed, in PATH's order; a file reached by two names is told once.
  virtual std::vector<std::string> find_programs(const std::string& name) = 0;
};

/// The real one. The child leads a session of its own, so that a Ctrl-C of the terminal reaches only the caller, who
/// sets *interrupted: then the running child is ended as by a deadline, and its Outcome is kInterrupted.
class PosixProcessRunner : public ProcessRunner {
 public:
  explicit PosixProcessRunner(const volatile std::sig_atomic_t* interrupted = nullptr) : interrupted_(interrupted) {}
  Outcome run(const Command& command, const OnLine& on_line = {}) override;
  std::vector<std::string> find_programs(const std::string& name) override;

 private:
  const volatile std::sig_atomic_t* interrupted_;
};

}  // namespace envforge::process
