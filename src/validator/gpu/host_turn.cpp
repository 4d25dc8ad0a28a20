#include "gpu/host_turn.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace envforge::validator::gpu {

HostTurn::HostTurn(std::chrono::milliseconds longest, const char* file) : fd_(::open(file, O_RDONLY | O_CLOEXEC)) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (fd_ >= 0) {
    alone_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
    if (alone_ || (errno != EWOULDBLOCK && errno != EINTR) || std::chrono::steady_clock::now() >= end) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

HostTurn::~HostTurn() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace envforge::validator::gpu
