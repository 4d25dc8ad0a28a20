#include <envforge/support/environment.hpp>

namespace envforge::support {

std::map<std::string, std::string> environment_of(const char* const* entries) {
  std::map<std::string, std::string> out;
  for (; *entries != nullptr; ++entries) {
    const std::string text = *entries;
    const auto equals = text.find('=');
    if (equals != std::string::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace envforge::support
