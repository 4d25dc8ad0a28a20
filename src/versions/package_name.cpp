#include <envforge/versions/package_name.hpp>

#include <algorithm>

#include <envforge/support/percent_encoding.hpp>
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

std::string nvidia_library(std::string_view normal) {
  constexpr std::string_view kVendor = "nvidia-", kMajor = "-cu";
  if (!support::starts_with(normal, kVendor)) return "";
  const std::string_view library = normal.substr(kVendor.size());
  const auto at = library.rfind(kMajor);
  const bool ends_with_major = at != std::string_view::npos && at + kMajor.size() < library.size() &&
                               library.find_first_not_of("0123456789", at + kMajor.size()) == std::string_view::npos;
  return std::string(ends_with_major ? library.substr(0, at) : library);
}

std::optional<WheelName> wheel_name(std::string_view address) {
  const std::string_view path = address.substr(0, address.find('#'));
  const std::string file = support::percent_decoded(path.substr(path.rfind('/') + 1));
  const auto parts = support::split(file, '-');  // name, version, perhaps a build number, Python, ABI, platform
  if (!support::ends_with(file, ".whl") || parts.size() < 5 || parts.size() > 6) return std::nullopt;
  return WheelName{normal_name(parts[0]), parts[1]};
}

}  // namespace envforge::versions
