#include "file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <envforge/support/error.hpp>

namespace envforge::packages {

FileLock::FileLock(const std::string& path) : fd_(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
  if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) {
    throw support::Error(support::ErrorCode::kFileWrite, path + " cannot be locked: " + std::strerror(errno));
  }
}

FileLock::~FileLock() {
  ::close(fd_);
}

}  // namespace envforge::packages
