// Debian's docker-registry on a free port of the loopback address, for one test: started with it and ended with it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

namespace envforge::testing {

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

/// A port that nobody listens on now; whoever is told it should take it soon.
inline int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

inline bool listens(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

class LoopbackRegistry {
 public:
  LoopbackRegistry() {
    if (process::PosixProcessRunner().find_programs("docker-registry").empty()) return;
    port_ = free_port();
    const std::string config = folder_.path() / "config.yml";
    support::write_file_atomically(config, "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: " +
                                               (folder_.path() / "data").string() + "}}\nhttp: {addr: \"" + address() +
                                               "\"}\n");
    server_ = std::thread([this, config] {
      process::Command command;
      command.argv = {"docker-registry", "serve", config};
      process::PosixProcessRunner(&stop_).run(command);
    });
    for (int i = 0; i < 200 && !listens(port_); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  LoopbackRegistry(const LoopbackRegistry&) = delete;
  LoopbackRegistry& operator=(const LoopbackRegistry&) = delete;
  ~LoopbackRegistry() {
    stop_ = 1;
    if (server_.joinable()) server_.join();
  }

  bool available() const { return port_ != 0; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  support::TempDir folder_;
  int port_ = 0;
  volatile std::sig_atomic_t stop_ = 0;
  std::thread server_;
};

}  // namespace envforge::testing
