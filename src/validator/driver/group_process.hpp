// One group's process: started with nothing but its channel, read without blocking, ended with its whole process group.
// Beside process::ProcessRunner because it needs an inherited socket and several children at once. Used by Session.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "driver/conversation.hpp"

namespace envforge::validator::driver {

class GroupProcess {
 public:
  /// Throws Error{kProtocol} when the program cannot be started.
  GroupProcess(const std::string& program, const std::map<std::string, std::string>& environment);
  // Owns a process and descriptors.
  GroupProcess(const GroupProcess&) = delete;
  GroupProcess& operator=(const GroupProcess&) = delete;
  ~GroupProcess();

  /// For poll(); -1 when closed.
  int channel_fd() const { return channel_; }
  int output_fd() const { return output_; }
  /// Sends one line; a group that is gone or does not read is noticed elsewhere.
  void send(const std::string& line);
  /// Reads what is there; whole lines of the channel.
  std::vector<std::string> read_channel();
  void read_output();
  /// Set when the process has ended and both descriptors are drained.
  std::optional<Ending> ended();
  /// Kills the process group.
  void kill();
  const std::string& last_output() const { return tail_; }

 private:
  bool fill(int& fd, std::string& into, std::size_t keep);
  pid_t pid_ = -1;
  int channel_ = -1;
  int output_ = -1;
  bool reaped_ = false;
  int status_ = 0;
  std::string pending_;
  std::string tail_;
};

}  // namespace envforge::validator::driver
