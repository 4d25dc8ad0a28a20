// What the grammar files share: classes of characters and the form of a refusal.
#pragma once

#include <string>
#include <string_view>

#include <envforge/support/secrets.hpp>
#include <envforge/support/text.hpp>

#include "grammar.hpp"

namespace envforge::documents::grammar {

inline bool digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
inline bool letter(char c) {
  return lower(c) || (c >= 'A' && c <= 'Z');
}
inline bool alnum(char c) {
  return digit(c) || letter(c);
}
inline bool hex_lower(char c) {
  return digit(c) || (c >= 'a' && c <= 'f');
}

/// Every character is of `is` or stands in `more`.
template <class Is>
bool only(std::string_view text, Is is, std::string_view more = "") {
  for (const char c : text) {
    if (!is(c) && more.find(c) == std::string_view::npos) return false;
  }
  return true;
}
inline bool digits(std::string_view text, std::size_t most = 9) {
  return !text.empty() && text.size() <= most && only(text, digit);
}

inline std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 80;
  const std::string shown = support::mask_credentials(text);
  return "'" + support::printable(shown.substr(0, kShown)) + (shown.size() > kShown ? "...'" : "'");
}
/// "WORD 'TEXT': WHY"
inline Refusal refusal(support::ErrorCode code, std::string_view word, std::string_view text, std::string_view why,
                       std::string hint = {}) {
  return {code, std::string(word) + " " + quoted(text) + ": " + std::string(why), std::move(hint)};
}

}  // namespace envforge::documents::grammar
