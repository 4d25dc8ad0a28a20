#include "harness/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <envforge/support/error.hpp>

namespace envforge::validator::harness {

void Channel::send_line(const std::string& text) {
  const std::string line = text + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    const auto n = ::send(fd_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      throw support::Error(support::ErrorCode::kProtocol,
                           std::string("cannot write to the driver: ") + strerror(errno));
    }
    sent += static_cast<std::size_t>(n);
  }
}

bool Channel::readable(double seconds) const {
  if (pending_.find('\n') != std::string::npos) return true;
  pollfd wanted{fd_, POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(seconds * 1000)) > 0;
}

std::string Channel::read_line() {
  for (;;) {
    const auto end = pending_.find('\n');
    if (end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    char buffer[16384];
    const auto n = ::recv(fd_, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw support::Error(support::ErrorCode::kProtocol, "the driver closed the channel");
    pending_.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace envforge::validator::harness
