// The group's end of the road to the driver: lines over an inherited socket. Used by Context and group_main.
#pragma once

#include <string>

#include <envforge/protocol/message.hpp>

namespace envforge::validator::harness {

class Channel {
 public:
  explicit Channel(int fd) : fd_(fd) {}
  /// Throws Error{kProtocol} when the driver is gone.
  void send(const protocol::Message& message) { send_line(protocol::to_line(message)); }
  void send_line(const std::string& line);
  std::string read_line();
  /// Waits at most that long for something to read.
  bool readable(double seconds) const;
  protocol::Message read() { return protocol::message_from_line(read_line()); }

 private:
  int fd_;
  std::string pending_;
};

}  // namespace envforge::validator::harness
