#include <envforge/support/percent_encoding.hpp>

#include <algorithm>

namespace envforge::support {

std::string percent_decoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto digit = [&](std::size_t at) {
    if (at >= text.size()) return std::string_view::npos;
    const char c = text[at];
    return kHex.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' ? digit(i + 1) : std::string_view::npos;
    const auto low = high == std::string_view::npos ? high : digit(i + 2);
    if (low == std::string_view::npos) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encoded_path(std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', kHex[byte / 16], kHex[byte % 16]};
    }
  }
  return out;
}

}  // namespace envforge::support
