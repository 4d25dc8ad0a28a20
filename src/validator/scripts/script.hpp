// A Python program of the image that runs beside the check which started it: it can import torch while other groups
// have the GPU, gets its input when the check's turn has come, and says what it does. Knows no check.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <envforge/process/process.hpp>

namespace envforge::validator::scripts {

/// What every script begins with: step(text) says what it is about to do, tell(value) hands over a result. Told to end,
/// it writes where it was.
extern const char* const kPrelude;

class Script {
 public:
  using Clock = std::chrono::steady_clock;
  using OnStep = std::function<void(const std::string& step)>;

  /// Starts it at once, with an input of its own that stays open.
  explicit Script(process::Command command);
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  /// Ends it and everything that it started.
  ~Script();

  /// Writes one line to its standard input. A script that no longer reads is told by result().
  void give(const std::string& line) const;
  /// All that read its input see the end of it.
  void close_input();

  /// The next result that it told, as JSON text; nullopt when it ended without one, or when `until` came first.
  std::optional<std::string> result(Clock::time_point until, const OnStep& on_step);
  /// How it ended; nullopt while it runs and `until` came first.
  std::optional<process::Outcome> end(Clock::time_point until, const OnStep& on_step);
  /// Ends it now; how it ended is told as kInterrupted.
  process::Outcome stop();
  /// What it said last that it was about to do; "" = nothing yet.
  std::string step() const;

 private:
  struct State;
  template <class Done>
  bool wait(Clock::time_point until, const OnStep& on_step, const Done& done);

  std::unique_ptr<State> state_;
};

}  // namespace envforge::validator::scripts
