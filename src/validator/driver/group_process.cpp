#include "driver/group_process.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include <envforge/protocol/message.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "driver/guard.hpp"

namespace envforge::validator::driver {
namespace {

constexpr std::size_t kTail = 2000;             // of a group's own output, kept as evidence
constexpr std::size_t kLongestLine = 1U << 20;  // a group that writes more without a newline writes garbage

// Only async-signal-safe calls: this runs between fork and exec.
[[noreturn]] void become(const char* program, char* const* argv, char* const* environment, int channel, int output) {
  setsid();
  const int nothing = open("/dev/null", O_RDONLY);
  // The channel's number may be taken by `output` or `nothing`: move both out of the way first.
  const int out = fcntl(output, F_DUPFD, 10);
  const int in = fcntl(nothing, F_DUPFD, 10);
  const int road = fcntl(channel, F_DUPFD, 10);
  if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || dup2(road, protocol::kChannelFd) < 0) _exit(126);
  for (int fd = protocol::kChannelFd + 1; fd < 1024; ++fd) close(fd);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP}) ::signal(signal, SIG_DFL);
  if (!give_up_powers()) _exit(125);
  execve(program, argv, environment);
  _exit(127);
}

void set_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

}  // namespace

GroupProcess::GroupProcess(const std::string& program, const std::map<std::string, std::string>& environment) {
  std::vector<std::string> settings;
  for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
  std::vector<char*> envp;
  for (auto& setting : settings) envp.push_back(setting.data());
  envp.push_back(nullptr);
  std::string name = program;
  std::string mode = "--run";
  char* argv[] = {name.data(), mode.data(), nullptr};

  int road[2];
  int output[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, road) != 0 || pipe2(output, O_CLOEXEC) != 0) {
    throw support::Error(support::ErrorCode::kInternal, std::string("no descriptors left: ") + strerror(errno));
  }
  pid_ = fork();
  if (pid_ == 0) become(name.c_str(), argv, envp.data(), road[1], output[1]);
  close(road[1]);
  close(output[1]);
  channel_ = road[0];
  output_ = output[0];
  if (pid_ < 0) throw support::Error(support::ErrorCode::kInternal, std::string("fork: ") + strerror(errno));
  set_nonblocking(channel_);
  set_nonblocking(output_);
}

GroupProcess::~GroupProcess() {
  kill();
  if (!reaped_ && pid_ > 0) waitpid(pid_, &status_, 0);
  if (channel_ >= 0) close(channel_);
  if (output_ >= 0) close(output_);
}

void GroupProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);  // the group may outlive its leader
  if (!reaped_) ::kill(pid_, SIGKILL);
}

void GroupProcess::send(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t sent = 0; sent < text.size() && channel_ >= 0;) {
    const auto n = ::send(channel_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    sent += static_cast<std::size_t>(n);
  }
}

// Reads until nothing is there; closes `fd` at its end. Keeps the last `keep` bytes (0 = all).
bool GroupProcess::fill(int& fd, std::string& into, std::size_t keep) {
  char buffer[16384];
  while (fd >= 0) {
    const auto n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) {
      close(fd);
      fd = -1;
      return false;
    }
    into.append(buffer, static_cast<std::size_t>(n));
    if (keep > 0 && into.size() > keep) into.erase(0, into.size() - keep);
    if (keep == 0 && into.size() > kLongestLine) return true;
  }
  return false;
}

std::vector<std::string> GroupProcess::read_channel() {
  fill(channel_, pending_, 0);
  std::vector<std::string> lines;
  for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
    lines.push_back(pending_.substr(0, end));
    pending_.erase(0, end + 1);
  }
  // An endless or unfinished last line is a line too: it says something that no group says.
  if (pending_.size() > kLongestLine || (channel_ < 0 && !pending_.empty())) {
    lines.push_back(pending_);
    pending_.clear();
  }
  return lines;
}

void GroupProcess::read_output() {
  fill(output_, tail_, kTail);
}

std::optional<Ending> GroupProcess::ended() {
  if (!reaped_) {
    if (waitpid(pid_, &status_, WNOHANG) != pid_) return std::nullopt;
    reaped_ = true;
    ::kill(-pid_, SIGKILL);  // what it started ends with it
  }
  Ending ending;
  ending.last_output = support::trim(support::printable(tail_));
  if (WIFSIGNALED(status_)) {
    ending.kind = Ending::Kind::kSignaled;
    ending.code = WTERMSIG(status_);
  } else {
    ending.code = WEXITSTATUS(status_);
  }
  return ending;
}

}  // namespace envforge::validator::driver
