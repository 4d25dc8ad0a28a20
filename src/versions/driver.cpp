#include <envforge/versions/driver.hpp>

namespace envforge::versions {
namespace {

constexpr std::string_view kNewest = ".999999";  // no driver's second number has six digits

}  // namespace

std::optional<Version> parse_driver(std::string_view text) {
  const bool named = !text.empty() && text.front() == 'R';
  const std::string number(text.substr(named ? 1 : 0));
  const auto version = Version::parse(number);
  if (!version || (named && version->release().size() != 1)) return std::nullopt;
  return version->release().size() == 1 ? Version::of(number + std::string(kNewest)) : *version;
}

std::string driver_text(const Version& driver) {
  const std::string text = driver.text();
  const bool branch =
      text.size() > kNewest.size() && std::string_view(text).substr(text.size() - kNewest.size()) == kNewest;
  return branch ? "R" + text.substr(0, text.size() - kNewest.size()) : text;
}

}  // namespace envforge::versions
