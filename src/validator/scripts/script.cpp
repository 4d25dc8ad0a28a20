#include "scripts/script.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::validator::scripts {
namespace {

constexpr const char* kResultMark = "ENVFORGE ";
constexpr const char* kStepMark = "ENVFORGE-STEP ";

}  // namespace

const char* const kPrelude = R"py(
import faulthandler, json, os, signal, sys
faulthandler.register(signal.SIGTERM, chain=True)
def step(text):
    print("ENVFORGE-STEP " + text, flush=True)
def tell(value):
    print("ENVFORGE " + json.dumps(value), flush=True)
)py";

struct Script::State {
  int input = -1;
  volatile std::sig_atomic_t told_to_end = 0;
  std::thread runner;

  std::mutex mutex;
  std::condition_variable changed;
  // Below: by the runner's thread too, under the mutex.
  std::deque<std::string> results;
  std::string step;
  std::size_t steps = 0;
  std::optional<process::Outcome> outcome;

  void hear(process::Stream stream, std::string_view line) {
    if (stream != process::Stream::kOut) return;
    const std::string text(line);
    const std::lock_guard<std::mutex> lock(mutex);
    if (support::starts_with(text, kStepMark)) {
      step = support::printable(text.substr(std::string_view(kStepMark).size()));
      ++steps;
    } else if (support::starts_with(text, kResultMark)) {
      results.push_back(text.substr(std::string_view(kResultMark).size()));
    } else {
      return;
    }
    changed.notify_all();
  }
};

Script::Script(process::Command command) : state_(std::make_unique<State>()) {
  int ends[2];
  // A socket, for writing to one that is closed must not raise SIGPIPE in the group.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw support::Error(support::ErrorCode::kInternal, "no descriptor is left for a script's input");
  }
  state_->input = ends[0];
  command.standard_input_fd = ends[1];
  state_->runner = std::thread([state = state_.get(), command = std::move(command)] {
    process::PosixProcessRunner runner(&state->told_to_end);
    auto outcome =
        runner.run(command, [state](process::Stream stream, std::string_view line) { state->hear(stream, line); });
    close(command.standard_input_fd);
    const std::lock_guard<std::mutex> lock(state->mutex);
    state->outcome = std::move(outcome);
    state->changed.notify_all();
  });
}

Script::~Script() {
  stop();
  state_->runner.join();
  close_input();
}

void Script::give(const std::string& line) const {
  const std::string text = line + "\n";
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t n = send(state_->input, text.data() + written, text.size() - written, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    written += static_cast<std::size_t>(n);
  }
}

void Script::close_input() {
  if (state_->input >= 0) close(state_->input);
  state_->input = -1;
}

template <class Done>
bool Script::wait(Clock::time_point until, const OnStep& on_step, const Done& done) {
  std::unique_lock<std::mutex> lock(state_->mutex);
  std::size_t told = 0;
  for (;;) {
    if (state_->steps != told) {
      told = state_->steps;
      const std::string now = state_->step;
      lock.unlock();
      if (on_step) on_step(now);
      lock.lock();
      continue;
    }
    if (done()) return true;
    if (state_->changed.wait_until(lock, until) == std::cv_status::timeout && state_->steps == told) return done();
  }
}

std::optional<std::string> Script::result(Clock::time_point until, const OnStep& on_step) {
  std::optional<std::string> out;
  wait(until, on_step, [&] {
    if (out || state_->results.empty()) return out || state_->outcome;
    out = std::move(state_->results.front());
    state_->results.pop_front();
    return true;
  });
  return out;
}

std::optional<process::Outcome> Script::end(Clock::time_point until, const OnStep& on_step) {
  wait(until, on_step, [&] { return state_->outcome.has_value(); });
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->outcome;
}

process::Outcome Script::stop() {
  state_->told_to_end = 1;
  for (;;) {
    if (auto outcome = end(Clock::now() + std::chrono::hours(1), {})) return *outcome;
  }
}

std::string Script::step() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->step;
}

}  // namespace envforge::validator::scripts
