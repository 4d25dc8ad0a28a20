#include <envforge/support/secrets.hpp>

namespace envforge::support {
namespace {

// Of the text behind "://": how much of it names a user. A port has a ':' too, so what has one and an '@' anywhere
// counts as named: "https://user:12/34@host".
std::size_t user_length(std::string_view rest) {
  const auto word = rest.substr(0, rest.find_first_of(" \t\r\n\"'<>"));
  const auto authority = word.substr(0, word.find_first_of("/?#"));
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) return at;
  const auto last = authority.find(':') == std::string_view::npos ? std::string_view::npos : word.rfind('@');
  return last == std::string_view::npos ? 0 : last;
}

}  // namespace

std::string mask_credentials(std::string_view text) {
  constexpr std::string_view kScheme = "://";
  std::string out;
  for (auto at = text.find(kScheme); at != std::string_view::npos; at = text.find(kScheme)) {
    out += text.substr(0, at + kScheme.size());
    text.remove_prefix(at + kScheme.size());
    const std::size_t user = user_length(text);
    if (user > 0) out += "***";
    text.remove_prefix(user);
  }
  return out + std::string(text);
}

}  // namespace envforge::support
