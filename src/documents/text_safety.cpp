#include "text_safety.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

namespace envforge::documents {
namespace {

struct Range {
  std::uint32_t first, last;
  const char* what;
};

constexpr std::array<Range, 14> kRefused{{
    {0x0000, 0x001F, "a control character"},
    {0x007F, 0x009F, "a control character"},
    {0x00AD, 0x00AD, "a soft hyphen, which is invisible"},
    {0x061C, 0x061C, "a bidirectional control"},
    {0x115F, 0x1160, "an invisible letter"},
    {0x17B4, 0x17B5, "an invisible letter"},
    {0x180B, 0x180F, "an invisible character"},
    {0x200B, 0x200F, "an invisible character"},
    {0x2028, 0x202E, "a line separator or bidirectional control"},
    {0x2060, 0x206F, "an invisible or bidirectional control"},
    {0x3164, 0x3164, "an invisible letter"},
    {0xFEFF, 0xFEFF, "a byte order mark, which is invisible"},
    {0xFFF0, 0xFFFB, "an invisible character"},
    {0xE0000, 0xE0FFF, "an invisible tag character"},
}};

struct Decoded {
  std::uint32_t point = 0;
  std::size_t length = 0;  // 0: no UTF-8
};

Decoded decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  std::uint32_t point = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return {};
    point = (point << 6U) | (next & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
  return {point, length};
}

std::string describe(std::uint32_t point, const char* what) {
  std::array<char, 16> code{};
  std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned>(point));
  if (point == '\n') what = "a line feed";
  if (point == '\r') what = "a carriage return";
  if (point == '\t') what = "a tab";
  if (point == 0) what = "a NUL byte";
  return std::string(code.data()) + " (" + what + ")";
}

}  // namespace

std::optional<UnsafeCharacter> find_unsafe(std::string_view text, TextKind kind) {
  for (std::size_t at = 0; at < text.size();) {
    const Decoded found = decode(text.substr(at));
    if (found.length == 0) return UnsafeCharacter{at, "a byte that is no UTF-8"};
    const bool layout = found.point == '\n' || found.point == '\r' || found.point == '\t';
    if (!(layout && kind == TextKind::kDocument)) {
      for (const auto& range : kRefused) {
        if (found.point >= range.first && found.point <= range.last) {
          return UnsafeCharacter{at, describe(found.point, range.what)};
        }
      }
    }
    at += found.length;
  }
  return std::nullopt;
}

}  // namespace envforge::documents
