#include "harness/helper_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <envforge/protocol/message.hpp>
#include <envforge/support/error.hpp>

#include "harness/channel.hpp"

extern char** environ;

namespace envforge::validator::harness {
namespace {

// Only async-signal-safe calls: this runs between fork and exec. The group's channel to the driver ends here: its
// number becomes that of the helper's own.
[[noreturn]] void become(char* const* argv, char* const* environment, int road, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(125);  // died before that was set
  const int safe = fcntl(road, F_DUPFD, 10);
  if (safe < 0 || dup2(safe, protocol::kChannelFd) < 0) _exit(126);
  for (int fd = protocol::kChannelFd + 1; fd < 1024; ++fd) close(fd);
  execve("/proc/self/exe", argv, environment);
  _exit(127);
}

}  // namespace

HelperProcess::HelperProcess(const std::string& role) {
  int road[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, road) != 0) {
    throw support::Error(support::ErrorCode::kInternal, std::string("no descriptors left: ") + strerror(errno));
  }
  std::string program = "envforge-group", option = "--role", name = role;
  char* argv[] = {program.data(), option.data(), name.data(), nullptr};
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(argv, environ, road[1], parent);
  close(road[1]);
  fd_ = road[0];
  if (pid_ < 0) {
    close(fd_);
    throw support::Error(support::ErrorCode::kInternal, std::string("fork: ") + strerror(errno));
  }
}

HelperProcess::HelperProcess(HelperProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), fd_(std::exchange(other.fd_, -1)), pending_(std::move(other.pending_)) {}

HelperProcess::~HelperProcess() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (fd_ >= 0) close(fd_);
}

void HelperProcess::send_line(const std::string& line) const {
  Channel(fd_).send_line(line);
}

bool HelperProcess::take() {
  char buffer[16384];
  for (;;) {
    const auto n = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (n == 0) return false;
    pending_.append(buffer, static_cast<std::size_t>(n));
  }
}

std::optional<std::string> HelperProcess::line() {
  const auto end = pending_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string out = pending_.substr(0, end);
  pending_.erase(0, end + 1);
  return out;
}

Ending HelperProcess::ending() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, 0) != pid_) return {"ended"};
  pid_ = -1;
  if (!WIFSIGNALED(status)) return {"exit status " + std::to_string(WEXITSTATUS(status))};
  const int number = WTERMSIG(status);
  return {"signal " + std::to_string(number) + " (" + strsignal(number) + ")", number};
}

}  // namespace envforge::validator::harness
