#include <envforge/support/secrets.hpp>

#include <envforge/support/text.hpp>

namespace envforge::support {
namespace {

// How much of what stands behind "://", or of a word without it, names a user. A port has a ':' too, so what has one
// before an '@' counts as named: "https://user:12/34@host", "https:/user:password@host". An image's digest is none.
std::size_t user_length(std::string_view rest, bool is_url) {
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  const auto at = authority.rfind('@');
  if (is_url && at != std::string_view::npos) return at;
  const auto last = rest.rfind('@');
  if (last == std::string_view::npos || starts_with(rest.substr(last), "@sha256:")) return 0;
  return rest.substr(0, last).find(':') == std::string_view::npos ? 0 : last;
}

std::string mask_word(std::string_view word) {
  constexpr std::string_view kScheme = "://";
  const auto scheme = word.find(kScheme);
  const bool is_url = scheme != std::string_view::npos;
  const std::size_t start = is_url ? scheme + kScheme.size() : 0;
  const auto rest = word.substr(start);
  const std::size_t user = user_length(rest, is_url);
  const std::string tail(rest.substr(user));
  return std::string(word.substr(0, start)) + (user > 0 ? "***" : "") +
         (tail.find(kScheme) != std::string::npos ? mask_word(tail) : tail);
}

}  // namespace

std::string mask_credentials(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n\"'<>";
  std::string out;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find_first_of(kBetween));
    out += mask_word(word);
    text.remove_prefix(word.size());
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

bool names_secret(std::string_view name) {
  std::string upper = "_";
  for (const char c : name) upper += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  for (const std::string_view tail : {"_TOKEN", "_PASSWORD", "_PASSWD", "_SECRET", "_API_KEY", "_ACCESS_KEY",
                                      "_SECRET_KEY", "_PRIVATE_KEY", "_CREDENTIALS"}) {
    if (ends_with(upper, tail)) return true;
  }
  return false;
}

std::vector<std::string> mask_arguments(std::vector<std::string> arguments) {
  bool is_value = false;
  for (std::string& argument : arguments) {
    const bool option = starts_with(argument, "-");
    const auto equals = argument.find('=');
    if (is_value && !option) {
      argument = "***";
    } else if (equals != std::string::npos && names_secret(std::string_view(argument).substr(0, equals))) {
      argument = argument.substr(0, equals + 1) + "***";
    } else {
      argument = mask_credentials(argument);
    }
    is_value = option && equals == std::string::npos && names_secret(argument);
  }
  return arguments;
}

}  // namespace envforge::support
