// A small HTTP server on 127.0.0.1 for tests: package indexes and Debian mirrors of our own, servers that are slow or
// refuse. It lives in the test's process and ends with the object.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace envforge::testing {

struct HttpAnswer {
  int status = 200;
  std::string type = "application/octet-stream";
  std::string body;
};

class LoopbackServer {
 public:
  using Handler = std::function<HttpAnswer(const std::string& path)>;

  /// `handler` is called from several threads; `path` is percent-decoded and without query.
  explicit LoopbackServer(Handler handler);
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  ~LoopbackServer();

  /// From now on a request without this value of its header Authorization ("Basic dTpw") is answered with 401.
  void require_authorization(const std::string& value);
  /// http://127.0.0.1:PORT
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Every path that was asked for so far, in order.
  std::vector<std::string> requests() const;

 private:
  void accept_loop();
  void serve(int connection);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::string authorization_;  // "" = none is asked for
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace envforge::testing
