#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <envforge/process/process.hpp>

#include "launch.hpp"
#include "output.hpp"

namespace envforge::process {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kGrace{2000};     // between SIGTERM and SIGKILL
constexpr milliseconds kTick{20};        // how late an interruption or an exit behind an open pipe may be seen
constexpr milliseconds kGroupGone{500};  // for a killed group to be gone; longer only in a wait inside the kernel
constexpr std::size_t kPiece = 64U << 10;
constexpr int kPiecesAtOnce = 16;  // a child that writes without end must not keep us from its deadline

/// Writing to a child that no longer reads must give EPIPE, not end the caller.
class PipeSignalBlocked {
 public:
  PipeSignalBlocked() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  PipeSignalBlocked(const PipeSignalBlocked&) = delete;
  PipeSignalBlocked& operator=(const PipeSignalBlocked&) = delete;
  ~PipeSignalBlocked() {
    if (::sigismember(&before_, SIGPIPE) == 0) {
      const timespec now{};
      while (::sigtimedwait(&pipe_, nullptr, &now) == SIGPIPE) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

/// Whether a process of this group still runs. Zombies count as gone: some PID 1 of containers and small machines reap
/// late or never, and kill(2) cannot tell them apart.
bool group_runs(pid_t group) {
  if (::kill(-group, 0) != 0) return false;
  std::error_code problem;
  std::filesystem::directory_iterator entries("/proc", problem);
  if (problem) return true;
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::size_t after_name = text.rfind(')');  // the name itself may hold anything
    char state = 'Z';
    long parent = 0, its_group = 0;
    if (after_name == std::string::npos) continue;
    std::istringstream(text.substr(after_name + 1)) >> state >> parent >> its_group;
    if (its_group == group && state != 'Z' && state != 'X') return true;
  }
  return false;
}

/// One running child and its group. The destructor ends both, also when a line callback throws.
class Child {
 public:
  Child(Launched launched, const Command& command, const OnLine& on_line)
      : launched_(std::move(launched)),
        input_(command.standard_input),
        out_(Stream::kOut, command.keep_bytes, on_line),
        err_(Stream::kErr, command.keep_bytes, on_line) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!reaped_) kill();
    reap();
    bury_group();
  }

  void terminate() { ::kill(-launched_.pid, SIGTERM); }
  void kill() { ::kill(-launched_.pid, SIGKILL); }

  /// Waits at most `tick` for something to read or write, and does it.
  void pump(milliseconds tick);
  bool streams_closed() const { return !launched_.out.open() && !launched_.err.open(); }

  /// Whether the child itself has ended; it stays unreaped, so that its group's number cannot be reused.
  bool ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(launched_.pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == launched_.pid;
  }
  /// After the child's end: lets its group go on until `until` (it was told to end), then kills it.
  void end_group(Clock::time_point until);
  void reap();
  void write_to(Outcome& outcome);

 private:
  void feed();
  static void drain(Descriptor& fd, Output& output);
  bool group_alive();
  void bury_group();

  Launched launched_;
  std::string_view input_;
  Output out_, err_;
  bool reaped_ = false;
  int status_ = 0;
  rusage usage_{};
};

void Child::feed() {
  while (!input_.empty()) {
    const ssize_t n = ::write(launched_.in.get(), input_.data(), std::min(input_.size(), kPiece));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) break;  // the child has closed its input: its right
    input_.remove_prefix(static_cast<std::size_t>(n));
  }
  launched_.in.close();
}

void Child::drain(Descriptor& fd, Output& output) {
  std::array<char, kPiece> piece;
  for (int pieces = 0; fd.open() && pieces < kPiecesAtOnce; ++pieces) {
    const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
    if (n > 0) {
      output.add({piece.data(), static_cast<std::size_t>(n)});
      if (static_cast<std::size_t>(n) < piece.size()) return;  // poll tells when there is more, or the end
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
      fd.close();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

void Child::pump(milliseconds tick) {
  std::array<pollfd, 3> polled{};  // poll leaves negative descriptors alone
  polled[0] = {launched_.in.get(), POLLOUT, 0};
  polled[1] = {launched_.out.get(), POLLIN, 0};
  polled[2] = {launched_.err.get(), POLLIN, 0};
  if (::poll(polled.data(), polled.size(), static_cast<int>(tick.count())) <= 0) return;
  if (polled[0].revents != 0) feed();
  if (polled[1].revents != 0) drain(launched_.out, out_);
  if (polled[2].revents != 0) drain(launched_.err, err_);
}

bool Child::group_alive() {
  while (::waitpid(-launched_.pid, nullptr, WNOHANG) > 0) {
    // Adopted by us: the caller is PID 1 of a container, or a subreaper.
  }
  return group_runs(launched_.pid);
}

void Child::bury_group() {
  for (const auto until = Clock::now() + kGroupGone; group_alive() && Clock::now() < until;) {
    std::this_thread::sleep_for(milliseconds(1));
  }
}

void Child::end_group(Clock::time_point until) {
  if (Clock::now() < until) {
    reap();
    while (group_alive() && Clock::now() < until) pump(milliseconds(5));
  }
  if (!reaped_ || group_alive()) kill();
}

void Child::reap() {
  if (reaped_) return;
  reaped_ = true;
  while (::wait4(launched_.pid, &status_, 0, &usage_) < 0 && errno == EINTR) {
  }
}

void Child::write_to(Outcome& outcome) {
  drain(launched_.out, out_);
  drain(launched_.err, err_);
  outcome.out = out_.finish();
  outcome.err = err_.finish();
  outcome.peak_memory_kb = usage_.ru_maxrss;
  if (outcome.kind == Outcome::Kind::kDeadline || outcome.kind == Outcome::Kind::kInterrupted) return;
  if (WIFSIGNALED(status_)) {
    outcome.kind = Outcome::Kind::kSignaled;
    outcome.signal = WTERMSIG(status_);
  } else {
    outcome.kind = Outcome::Kind::kExited;
    outcome.exit_code = WEXITSTATUS(status_);
  }
}

}  // namespace

Outcome PosixProcessRunner::run(const Command& command, const OnLine& on_line) {
  const auto start = Clock::now();
  Outcome outcome;
  const auto interrupted = [&] { return !command.uninterruptible && interrupted_ != nullptr && *interrupted_ != 0; };
  if (interrupted()) {
    outcome.kind = Outcome::Kind::kInterrupted;
    return outcome;
  }
  const PipeSignalBlocked no_sigpipe;
  Launched launched = launch(command);
  if (launched.pid < 0) {
    outcome.err = std::move(launched.reason);
    return outcome;
  }
  Child child(std::move(launched), command, on_line);
  Clock::time_point kill_at = Clock::time_point::max();
  bool ending = false;
  auto tick = milliseconds(0);
  while (!child.ended()) {
    // With both pipes closed nothing wakes poll, and the end is most likely near.
    tick = child.streams_closed() ? std::min(tick + milliseconds(1), kTick) : kTick;
    child.pump(tick);
    const auto now = Clock::now();
    const bool late = command.deadline.count() > 0 && now - start >= command.deadline;
    if (!ending && (late || interrupted())) {
      outcome.kind = late ? Outcome::Kind::kDeadline : Outcome::Kind::kInterrupted;
      ending = true;
      kill_at = now + kGrace;
      child.terminate();
    } else if (ending && now >= kill_at) {
      child.kill();
    }
  }
  child.end_group(ending ? kill_at : start);
  child.reap();
  child.write_to(outcome);
  outcome.took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
  return outcome;
}

std::vector<std::string> PosixProcessRunner::find_programs(const std::string& name) {
  return programs_on_path(name);
}

}  // namespace envforge::process
