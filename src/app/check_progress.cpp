#include "check_progress.hpp"

#include <array>
#include <cstdio>
#include <vector>

namespace envforge::app {
namespace {

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", seconds);
  return text.data();
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

}  // namespace

// The driver's enumeration is not known before its report: the letters only tell the GPUs of one run apart.
std::string CheckProgress::short_gpu(const std::string& uuid) {
  if (uuid.empty()) return "";
  constexpr std::size_t kShown = 8;
  auto& name = gpus_[uuid];
  if (name.empty()) name = uuid.size() > kShown ? "GPU .." + uuid.substr(uuid.size() - kShown) : uuid;
  return name;
}

void CheckProgress::hear(const std::string& line) {
  const auto progress = protocol::progress_from_line(line);
  if (!progress) return;
  const std::pair<std::string, std::string> key{progress->group, progress->gpu};
  const std::string gpu = short_gpu(progress->gpu);
  if (progress->what == "note") return events_.finished(progress->text);
  if (progress->what == "result") {
    ++done_;
    double took = 0;
    const auto running = running_.find(key);
    if (running != running_.end()) {
      took = progress->seconds - running->second.since;
      running_.erase(running);
    }
    events_.finished(padded(progress->text, 9) + padded(progress->check, 28) + padded(gpu, 15) + seconds_text(took));
  } else if (progress->what == "doing") {
    auto& running = running_.try_emplace(key, Running{"", progress->seconds}).first->second;
    running.text = padded(progress->check, 28) + (gpu.empty() ? "" : gpu + "  ") + progress->text;
  }
  show(progress->seconds);
}

void CheckProgress::show(double seconds) {
  std::vector<std::string> lines = {std::to_string(done_) + " checks done, " + seconds_text(seconds)};
  for (const auto& [key, running] : running_) lines.push_back(running.text);
  events_.running(lines);
}

}  // namespace envforge::app
