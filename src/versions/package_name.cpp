#include <envforge/versions/package_name.hpp>

#include <algorithm>

#include <envforge/support/text.hpp>

namespace envforge::versions {
namespace {

bool is_dash(char c) {
  return c == '-' || c == '_' || c == '.';
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || is_dash(c);
}

}  // namespace

std::string normal_name(std::string_view name) {
  std::string normal;
  for (const char c : support::to_lower(name)) {
    if (!is_dash(c)) {
      normal += c;
    } else if (!normal.empty() && normal.back() != '-') {
      normal += '-';
    }
  }
  return normal;
}

std::string requirement_name(std::string_view requirement) {
  const std::string text = support::trim(requirement);
  std::string name = normal_name({text.begin(), std::find_if_not(text.begin(), text.end(), is_name_character)});
  while (support::ends_with(name, "-")) name.pop_back();
  return name;
}

}  // namespace envforge::versions
