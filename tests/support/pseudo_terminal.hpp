// A program at a terminal of its own, as a person sits before it: what it asks is read, what is typed is sent.
#pragma once

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace envforge::testing {

class PseudoTerminal {
 public:
  PseudoTerminal(const std::vector<std::string>& argv, const std::string& folder,
                 const std::map<std::string, std::string>& variables) {
    child_ = ::forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (child_ != 0) return;
    if (::chdir(folder.c_str()) != 0) ::_exit(126);
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> words;
    for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  ~PseudoTerminal() {
    if (child_ > 0 && !ended_) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    if (terminal_ >= 0) ::close(terminal_);
  }

  /// Waits until `text` was printed since the last call; false if the program ends first or a minute passes.
  bool wait_for(const std::string& text) {
    while (seen_.find(text, from_) == std::string::npos) {
      if (!read_more()) return false;
    }
    from_ = seen_.find(text, from_) + text.size();
    return true;
  }
  void type(const std::string& line) const {
    const std::string keys = line + "\n";
    if (::write(terminal_, keys.data(), keys.size()) < 0) return;  // it ended: the next wait_for says so
  }
  /// Its exit status; -1 for another end.
  int finish() {
    while (read_more()) {
    }
    int status = 0;
    ::waitpid(child_, &status, 0);
    ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  /// Everything that it printed, and the echo of what was typed.
  const std::string& seen() const { return seen_; }

 private:
  bool read_more() {
    constexpr int kMinute = 60'000;
    pollfd ready{terminal_, POLLIN, 0};
    if (::poll(&ready, 1, kMinute) <= 0) return false;
    char bytes[4096];
    const auto count = ::read(terminal_, bytes, sizeof bytes);
    if (count <= 0) return false;  // EIO: the other end is closed
    seen_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  pid_t child_ = -1;
  int terminal_ = -1;
  bool ended_ = false;
  std::string seen_;
  std::size_t from_ = 0;
};

}  // namespace envforge::testing
