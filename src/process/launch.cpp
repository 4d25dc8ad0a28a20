#include "launch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <envforge/support/text.hpp>

namespace envforge::process {
namespace {

constexpr long kCloseRangeCall = 436;  // close_range(2); older libc headers have no name for it
constexpr unsigned kCloseRangeCloexec = 4;
constexpr int kHighestDescriptorTried = 4096;

/// What the child writes into the pipe that a successful exec closes.
struct Failure {
  enum class Step : int { kDirectory, kStreams, kExec } step;
  int number;
};

/// Everything that the child needs, made before fork: after it only async-signal-safe calls are allowed.
struct Plan {
  std::string program;
  std::vector<char*> argv;
  std::vector<std::string> environment_text;
  std::vector<char*> environment;
  const char* directory = nullptr;
  pid_t parent = -1;
  Descriptor in, out, err, failure;
};

/// A descriptor above the three standard ones, so that dup2 in the child never overwrites one it still needs.
Descriptor above_standard(int fd) {
  Descriptor low(fd);
  if (fd < 0 || fd > STDERR_FILENO) return low;
  return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

bool make_pipe(Descriptor& reader, Descriptor& writer) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  reader = above_standard(ends[0]);
  writer = above_standard(ends[1]);
  return reader.open() && writer.open();
}

void set_non_blocking(const Descriptor& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

[[noreturn]] void give_up(const Plan& plan, Failure::Step step) {
  const Failure failure{step, errno};
  // The parent reads this or is gone; there is no one else to tell.
  const ssize_t written = ::write(plan.failure.get(), &failure, sizeof failure);
  ::_exit(written == static_cast<ssize_t>(sizeof failure) ? 127 : 126);
}

void close_others_on_exec() {
  if (::syscall(kCloseRangeCall, STDERR_FILENO + 1, ~0U, kCloseRangeCloexec) == 0) return;
  for (int fd = STDERR_FILENO + 1; fd < kHighestDescriptorTried; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

[[noreturn]] void become(const Plan& plan) {
  ::setsid();
  // A caller that is killed outright ends nothing itself; without it nobody waits for this child.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != plan.parent) ::_exit(127);
  if (::dup2(plan.in.get(), STDIN_FILENO) < 0 || ::dup2(plan.out.get(), STDOUT_FILENO) < 0 ||
      ::dup2(plan.err.get(), STDERR_FILENO) < 0) {
    give_up(plan, Failure::Step::kStreams);
  }
  close_others_on_exec();
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) give_up(plan, Failure::Step::kDirectory);
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program.c_str(), plan.argv.data(), plan.environment.data());
  give_up(plan, Failure::Step::kExec);
}

std::string connect_streams(const Command& command, Plan& plan, Launched& launched) {
  const auto because = [](const std::string& what) { return what + ": " + std::strerror(errno); };
  if (command.standard_input_fd >= 0) {
    plan.in = Descriptor(::fcntl(command.standard_input_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!plan.in.open()) return because("cannot read its standard input");
  } else if (!command.standard_input.empty()) {
    if (!make_pipe(plan.in, launched.in)) return because("no pipe for its standard input");
    set_non_blocking(launched.in);
  } else {
    const std::string file = command.standard_input_file.empty() ? "/dev/null" : command.standard_input_file;
    plan.in = above_standard(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!plan.in.open()) return because("cannot read its standard input from " + file);
  }
  if (!command.standard_output_file.empty()) {
    const char* file = command.standard_output_file.c_str();
    plan.out = above_standard(::open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!plan.out.open()) return because("cannot write its standard output to " + command.standard_output_file);
  } else {
    if (!make_pipe(launched.out, plan.out)) return because("no pipe for its standard output");
    set_non_blocking(launched.out);
  }
  if (!make_pipe(launched.err, plan.err)) return because("no pipe for its standard error");
  set_non_blocking(launched.err);
  return {};
}

void set_arguments(const Command& command, Plan& plan) {
  for (const std::string& word : command.argv) plan.argv.push_back(const_cast<char*>(word.c_str()));
  plan.argv.push_back(nullptr);
  const auto& extra = command.extra_environment;
  if (!command.environment) {
    for (char** entry = ::environ; *entry != nullptr; ++entry) {
      const std::string_view text(*entry);
      if (extra.count(std::string(text.substr(0, text.find('=')))) == 0) plan.environment_text.emplace_back(text);
    }
  } else {
    for (const auto& [name, value] : *command.environment) {
      if (extra.count(name) == 0) plan.environment_text.push_back(name + "=" + value);
    }
  }
  for (const auto& [name, value] : extra) plan.environment_text.push_back(name + "=" + value);
  for (std::string& entry : plan.environment_text) plan.environment.push_back(entry.data());
  plan.environment.push_back(nullptr);
  if (!command.working_directory.empty()) plan.directory = command.working_directory.c_str();
}

std::string reason_of(const Failure& failure, const Command& command) {
  const std::string text = std::strerror(failure.number);
  switch (failure.step) {
    case Failure::Step::kDirectory:
      return "cannot enter " + command.working_directory + ": " + text;
    case Failure::Step::kStreams:
      return "cannot connect its streams: " + text;
    case Failure::Step::kExec:
      break;
  }
  return command.argv[0] + ": " + text;
}

}  // namespace

std::vector<std::string> programs_on_path(const std::string& name) {
  std::vector<std::string> found;
  std::vector<std::pair<dev_t, ino_t>> seen;
  const char* path = std::getenv("PATH");
  if (path == nullptr || name.empty()) return found;
  for (const std::string& folder : support::split(path, ':')) {
    if (folder.empty() || folder[0] != '/') continue;  // a program of the current folder is never meant
    const std::string file = folder + "/" + name;
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || ::access(file.c_str(), X_OK) != 0) continue;
    const std::pair<dev_t, ino_t> identity{status.st_dev, status.st_ino};
    if (std::find(seen.begin(), seen.end(), identity) != seen.end()) continue;
    seen.push_back(identity);
    found.push_back(file);
  }
  return found;
}

Launched launch(const Command& command) {
  Launched launched;
  Plan plan;
  const auto refuse = [&](const std::string& reason) {
    launched.reason = reason;
    return std::move(launched);
  };
  if (command.argv.empty() || command.argv[0].empty()) return refuse("no program is named");
  plan.program = command.argv[0];
  if (plan.program.find('/') == std::string::npos) {
    const auto programs = programs_on_path(plan.program);
    if (programs.empty()) return refuse(plan.program + " is not on PATH");
    plan.program = programs.front();
  }
  if (const std::string problem = connect_streams(command, plan, launched); !problem.empty()) return refuse(problem);
  Descriptor failure_reader;
  if (!make_pipe(failure_reader, plan.failure)) return refuse(std::string("no pipe: ") + std::strerror(errno));
  set_arguments(command, plan);
  plan.parent = ::getpid();

  const pid_t pid = ::fork();
  if (pid < 0) return refuse(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) become(plan);
  plan.failure.close();
  Failure failure{};
  ssize_t got = 0;
  do {
    got = ::read(failure_reader.get(), &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof failure)) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return refuse(reason_of(failure, command));
  }
  launched.pid = pid;
  return launched;
}

}  // namespace envforge::process
