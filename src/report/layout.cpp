#include "layout.hpp"

#include <array>
#include <cstdio>

namespace envforge::report {

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string figure(double value) {
  if (value == 0) return "0";
  const double size = value < 0 ? -value : value;
  return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4);
}

std::string pad(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string beginning_of(const std::string& text, std::size_t longest) {
  if (text.size() <= longest) return text;
  const auto space = text.rfind(' ', longest);
  return space == std::string::npos ? text : text.substr(0, space) + " ...";
}

}  // namespace envforge::report
