// Small pieces of text handling that the standard library lacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::support {

/// What a terminal shows of a line at the least; every text for people keeps to it.
inline constexpr std::size_t kColumns = 80;

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string trim(std::string_view text);
std::string to_lower(std::string_view text);
bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);
/// Breaks at spaces so that no line is longer than kColumns: the first begins in `first_column`, the others behind
/// `indent` spaces. A word that is longer than a line stands alone.
std::string wrap(std::string_view text, std::size_t first_column, std::size_t indent);
/// "5.72 GB": decimal units, three digits.
std::string human_bytes(std::uint64_t bytes);
/// Control characters and bytes that are no UTF-8 become \xNN, so that foreign text cannot move a terminal's cursor.
std::string printable(std::string_view text);

}  // namespace envforge::support
