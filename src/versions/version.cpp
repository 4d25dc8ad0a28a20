#include <envforge/versions/version.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::versions {
namespace {

constexpr std::size_t kMaxLength = 64;
constexpr std::size_t kMaxNumbers = 16;
constexpr std::size_t kMaxDigits = 9;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z');
}

// Takes a number from the front of `text`; nullopt if there is none or it is too long to be one.
std::optional<unsigned> take_number(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits > kMaxDigits) return std::nullopt;
  unsigned number = 0;
  for (const char digit : text.substr(0, digits)) number = number * 10 + static_cast<unsigned>(digit - '0');
  text.remove_prefix(digits);
  return number;
}

// Takes ".rc", "-beta", "a" ... and gives the short name; "" if the front is no stage.
std::string take_stage(std::string_view& text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNames{{{"dev", "dev"},
                                                                                        {"alpha", "a"},
                                                                                        {"beta", "b"},
                                                                                        {"post", "post"},
                                                                                        {"rc", "rc"},
                                                                                        {"a", "a"},
                                                                                        {"b", "b"},
                                                                                        {"c", "rc"}}};
  std::string_view rest = text;
  if (!rest.empty() && (rest.front() == '.' || rest.front() == '-' || rest.front() == '_')) rest.remove_prefix(1);
  for (const auto& [name, stage] : kNames) {
    if (!support::starts_with(rest, name)) continue;
    text = rest.substr(name.size());
    return std::string(stage);
  }
  return "";
}

bool is_local(std::string_view text) {
  return !text.empty() && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

int stage_rank(const std::string& stage) {
  static constexpr std::array<std::string_view, 6> kOrder{"dev", "a", "b", "rc", "", "post"};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), stage) - kOrder.begin());
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxLength) return std::nullopt;
  Version version;
  version.text_ = std::string(text);
  const std::string lower = support::to_lower(text);
  std::string_view rest = lower;
  if (const auto plus = rest.find('+'); plus != std::string_view::npos) {
    version.local_ = std::string(rest.substr(plus + 1));
    rest = rest.substr(0, plus);
    if (!is_local(version.local_)) return std::nullopt;
  }
  while (true) {
    const auto number = take_number(rest);
    if (!number || version.release_.size() == kMaxNumbers) return std::nullopt;
    version.release_.push_back(*number);
    if (rest.size() < 2 || rest[0] != '.' || !is_digit(rest[1])) break;
    rest.remove_prefix(1);
  }
  version.stage_ = take_stage(rest);
  if (!version.stage_.empty() && !rest.empty()) {
    const auto number = take_number(rest);
    if (!number) return std::nullopt;
    version.stage_number_ = *number;
  }
  if (!rest.empty()) return std::nullopt;
  return version;
}

Version Version::of(std::string_view text) {
  auto version = parse(text);
  if (!version) {
    throw support::Error(support::ErrorCode::kInternal, "'" + support::printable(text) + "' was taken for a version");
  }
  return *std::move(version);
}

Version Version::without_local() const {
  Version version = *this;
  version.local_.clear();
  version.text_ = text_.substr(0, text_.find('+'));
  return version;
}

std::strong_ordering operator<=>(const Version& a, const Version& b) {
  const std::size_t parts = std::max(a.release_.size(), b.release_.size());
  for (std::size_t i = 0; i < parts; ++i) {
    if (const auto order = a.part(i) <=> b.part(i); order != 0) return order;
  }
  if (const auto order = stage_rank(a.stage_) <=> stage_rank(b.stage_); order != 0) return order;
  if (const auto order = a.stage_number_ <=> b.stage_number_; order != 0) return order;
  return a.local_.compare(b.local_) <=> 0;
}

}  // namespace envforge::versions
