#include "support/loopback_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace envforge::testing {
namespace {

constexpr int kPollMilliseconds = 50;

std::string decoded(const std::string& path) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '%' && i + 2 < path.size()) {
      out += static_cast<char>(std::stoi(path.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += path[i];
    }
  }
  return out;
}

bool readable(int fd, const std::atomic<bool>& stopping) {
  while (!stopping) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, kPollMilliseconds) > 0) return true;
  }
  return false;
}

void send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;
    sent += static_cast<std::size_t>(n);
  }
}

}  // namespace

LoopbackServer::LoopbackServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no loopback server");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

LoopbackServer::~LoopbackServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  ::close(listener_);
}

std::vector<std::string> LoopbackServer::requests() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return requests_;
}

void LoopbackServer::require_authorization(const std::string& value) {
  const std::lock_guard<std::mutex> lock(mutex_);
  authorization_ = value;
}

void LoopbackServer::accept_loop() {
  while (readable(listener_, stopping_)) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) connections_.emplace_back([this, connection] { serve(connection); });
  }
}

void LoopbackServer::serve(int connection) {
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos && readable(connection, stopping_)) {
    char buffer[4096];
    const ssize_t n = ::recv(connection, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    head.append(buffer, static_cast<std::size_t>(n));
  }
  const std::size_t method_end = head.find(' ');
  const std::size_t path_end = method_end == std::string::npos ? method_end : head.find_first_of(" ?", method_end + 1);
  if (path_end != std::string::npos) {
    const std::string path = decoded(head.substr(method_end + 1, path_end - method_end - 1));
    bool welcome = false;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      requests_.push_back(path);
      welcome = authorization_.empty() || head.find("Authorization: " + authorization_ + "\r\n") != std::string::npos;
    }
    const HttpAnswer answer = welcome ? handler_(path) : HttpAnswer{401, "text/plain", ""};
    const std::string challenge = welcome ? "" : "WWW-Authenticate: Basic realm=\"x\"\r\n";
    send_all(connection, "HTTP/1.1 " + std::to_string(answer.status) + " x\r\nConnection: close\r\n" + challenge +
                             "Content-Type: " + answer.type +
                             "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n");
    if (head.substr(0, method_end) == "GET") send_all(connection, answer.body);
  }
  ::shutdown(connection, SHUT_RDWR);
  ::close(connection);
}

}  // namespace envforge::testing
