// The test twin of PosixProcessRunner: records what it is asked to run and answers from a script. A command for which
// the script has no answer throws, with its argv: a test never runs more than it knows of.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <envforge/process/process.hpp>

namespace envforge::testing {

class ScriptedProcessRunner : public process::ProcessRunner {
 public:
  struct Reply {
    process::Outcome outcome;
    /// What the command does besides answering, such as writing the file that an argument names.
    std::function<void(const process::Command&)> effect;
  };

  static process::Outcome exited(int code, std::string out = {}, std::string err = {}) {
    process::Outcome outcome;
    outcome.kind = process::Outcome::Kind::kExited;
    outcome.exit_code = code;
    outcome.out = std::move(out);
    outcome.err = std::move(err);
    return outcome;
  }
  static process::Outcome ended(process::Outcome::Kind kind, std::string err = {}) {
    process::Outcome outcome;
    outcome.kind = kind;
    outcome.err = std::move(err);
    return outcome;
  }

  /// Answers a command whose argv holds all `words` in this order. Replies to the same words are used up one after the
  /// other, the last one stays. Of several rules that fit, the one with the most words answers.
  void on(const std::vector<std::string>& words, Reply reply) { rules_[words].push_back(std::move(reply)); }
  void on(const std::vector<std::string>& words, process::Outcome outcome) { on(words, Reply{std::move(outcome), {}}); }

  process::Outcome run(const process::Command& command, const process::OnLine& on_line = {}) override {
    calls.push_back(command);
    std::deque<Reply>* best = nullptr;
    std::size_t best_words = 0;
    for (auto& [words, replies] : rules_) {
      if (!holds(command.argv, words) || (best != nullptr && words.size() < best_words)) continue;
      best = &replies;
      best_words = words.size();
    }
    if (best == nullptr) throw std::logic_error("no reply is scripted for: " + process::to_shell(command.argv));
    Reply reply = best->front();
    if (best->size() > 1) best->pop_front();
    if (reply.effect) reply.effect(command);
    if (on_line) {
      hand_on(reply.outcome.out, process::Stream::kOut, on_line);
      hand_on(reply.outcome.err, process::Stream::kErr, on_line);
    }
    return reply.outcome;
  }

  std::vector<std::string> find_programs(const std::string& name) override { return programs[name]; }

  std::vector<process::Command> calls;
  std::map<std::string, std::vector<std::string>> programs;

 private:
  static bool holds(const std::vector<std::string>& argv, const std::vector<std::string>& words) {
    std::size_t next = 0;
    for (const std::string& word : argv) {
      if (next < words.size() && word == words[next]) ++next;
    }
    return next == words.size();
  }
  static void hand_on(const std::string& text, process::Stream stream, const process::OnLine& on_line) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      on_line(stream, std::string_view(text).substr(at, end - at));
      at = end == std::string::npos ? text.size() : end + 1;
    }
  }

  std::map<std::vector<std::string>, std::deque<Reply>> rules_;
};

}  // namespace envforge::testing
