#include "output.hpp"

#include <algorithm>

namespace envforge::process {
namespace {

constexpr std::size_t kLongestLine = 64U << 10;

}  // namespace

void Output::keep(std::string_view piece) {
  if (stream_ == Stream::kOut) {
    kept_.append(piece.substr(0, keep_bytes_ - std::min(keep_bytes_, kept_.size())));
    return;
  }
  kept_.append(piece);
  // Cut only at twice the size, so that each byte is moved once on average.
  if (kept_.size() / 2 > keep_bytes_) kept_.erase(0, kept_.size() - keep_bytes_);
}

void Output::hand_on() {
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  on_line_(stream_, line_);
  line_.clear();
}

void Output::add(std::string_view piece) {
  keep(piece);
  if (!on_line_) return;
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    line_.append(part.substr(0, kLongestLine - std::min(kLongestLine, line_.size())));
    if (end == std::string_view::npos) return;
    hand_on();
    piece.remove_prefix(end + 1);
  }
}

std::string Output::finish() {
  if (on_line_ && !line_.empty()) hand_on();
  if (stream_ == Stream::kErr && kept_.size() > keep_bytes_) kept_.erase(0, kept_.size() - keep_bytes_);
  return std::move(kept_);
}

}  // namespace envforge::process
