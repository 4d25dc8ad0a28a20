#include "build_progress.hpp"

#include <cctype>
#include <charconv>
#include <cstdlib>

#include <envforge/support/text.hpp>

#include "docker_text.hpp"

namespace envforge::engine {
namespace {

constexpr std::size_t kLinesKept = 30;

using support::starts_with;

/// Reads "#12 " off the front of `text`; 0 if there is none.
int take_number(std::string_view& text) {
  if (text.empty() || text[0] != '#') return 0;
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (problem != std::errc{} || end == text.data() + text.size() || *end != ' ') return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

/// Takes "0.160 " off the front: BuildKit puts the step's own seconds before each line that a command wrote.
bool take_time(std::string_view& text) {
  std::size_t at = 0;
  while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
  if (at == 0 || at >= text.size() || text[at] != '.') return false;
  const std::size_t point = at++;
  while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) ++at;
  if (at == point + 1 || (at < text.size() && text[at] != ' ')) return false;
  text.remove_prefix(std::min(text.size(), at + 1));
  return true;
}

}  // namespace

void BuildProgress::emit(BuildEvent::Kind kind, int step, std::string_view text, double seconds) const {
  if (on_event_) on_event_({kind, step, std::string(text), seconds});
}

void BuildProgress::line(std::string_view text) {
  if (const int number = take_number(text); number > 0) return step_line(number, text);
  if (support::trim(text).empty()) return;
  last_note_ = support::trim(text);
  if (starts_with(last_note_, "ERROR: ") || starts_with(last_note_, "failed to ")) last_error_ = last_note_;
  emit(BuildEvent::Kind::kNote, 0, text);
}

void BuildProgress::step_line(int number, std::string_view text) {
  const auto [found, fresh] = steps_.try_emplace(number);
  Step& step = found->second;
  if (fresh) {
    step.name = text;
    return emit(BuildEvent::Kind::kStepStarted, number, text);
  }
  // BuildKit repeats the name when it comes back to a step, says "..." when it leaves one, and 20.10 adds a digest.
  if (text == step.name || text == "..." || (starts_with(text, "sha256:") && text.find(' ') == text.npos)) return;
  if (starts_with(text, "DONE ")) {
    return emit(BuildEvent::Kind::kStepDone, number, step.name,
                std::strtod(std::string(text.substr(5)).c_str(), nullptr));
  }
  if (text == "CACHED") return emit(BuildEvent::Kind::kStepCached, number, step.name);
  if (starts_with(text, "ERROR: ")) {
    // Of several failing steps the first is the cause; the others were cancelled by it.
    if (failed_ == 0) {
      failed_ = number;
      step_error_ = text.substr(7);
    }
    return emit(BuildEvent::Kind::kStepFailed, number, step.name);
  }
  if (text == "CANCELED") return;
  if (!take_time(text)) return;  // a transfer's own progress
  // After output without a newline, BuildKit's next word about the step stands in the same line.
  const std::size_t glued = text.rfind("#" + std::to_string(number) + " ");
  const std::string_view rest = glued == text.npos ? "" : text.substr(text.find(' ', glued) + 1);
  const bool ends = starts_with(rest, "DONE ") || starts_with(rest, "ERROR: ");
  output(number, step, ends ? text.substr(0, glued) : text);
  if (ends) step_line(number, rest);
}

void BuildProgress::output(int number, Step& step, std::string_view text) {
  step.last_lines.emplace_back(text);
  if (step.last_lines.size() > kLinesKept) step.last_lines.pop_front();
  emit(BuildEvent::Kind::kOutput, number, text);
}

void BuildProgress::write_to(BuildResult& result) const {
  if (failed_ != 0) {
    const Step& step = steps_.at(failed_);
    result.failed_step = step.name;
    result.last_lines.assign(step.last_lines.begin(), step.last_lines.end());
  }
  constexpr std::string_view kPrefix = "ERROR: ";
  const std::string& last = last_error_.empty() ? last_note_ : last_error_;  // newer clients advertise after it
  result.message = starts_with(last, kPrefix) ? last.substr(kPrefix.size()) : last;
  if (result.message.empty() || starts_with(result.message, "---")) result.message = step_error_;
  result.cache_damaged = is_damaged_cache(result.message) || is_damaged_cache(step_error_);
}

}  // namespace envforge::engine
