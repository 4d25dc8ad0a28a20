// A process that a check starts: the group's own program again, in one of its roles, with a channel to the check that
// started it and none to the driver. It holds no more rights than the group, and dies with it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace envforge::validator::harness {

/// How a process ended.
struct Ending {
  std::string text;  // "signal 11 (Segmentation fault)" or "exit status 70"
  int signal = 0;    // 0: none
};

class HelperProcess {
 public:
  /// Throws support::Error{kInternal} when the system has no process or descriptor left.
  explicit HelperProcess(const std::string& role);
  HelperProcess(HelperProcess&& other) noexcept;
  HelperProcess& operator=(HelperProcess&&) = delete;
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;
  /// Kills what still runs.
  ~HelperProcess();

  void send_line(const std::string& line) const;
  int fd() const { return fd_; }
  /// Takes what has come in, without waiting; false once the other end is closed.
  bool take();
  /// The next whole line that was taken.
  std::optional<std::string> line();
  /// Of a process whose end is closed.
  Ending ending();

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  std::string pending_;
};

}  // namespace envforge::validator::harness
