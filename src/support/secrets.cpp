#include <envforge/support/secrets.hpp>

#include <envforge/support/text.hpp>

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
