// One process at a time in a folder: apt's own lock fails at once where waiting is meant. Used by AptDebSource.
#pragma once

#include <string>

namespace envforge::packages {

class FileLock {
 public:
  /// Waits. Throws Error{kFileWrite} if `path` cannot be made.
  explicit FileLock(const std::string& path);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int fd_;
};

}  // namespace envforge::packages
