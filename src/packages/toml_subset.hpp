// The part of TOML that uv writes into a pylock.toml: tables, arrays of tables, basic and literal strings, numbers,
// dates, arrays, inline tables. A reader for uv's output only, never for a user's file. Whatever is outside is an
// error.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::packages {

struct Toml {
  enum class Kind { kTable, kArray, kString, kBare } kind = Kind::kTable;
  std::string text;  // kString: its value; kBare: a number, date or boolean as it stands
  std::vector<Toml> items;
  std::map<std::string, Toml> members;

  /// nullptr if this is no table or has no such member.
  const Toml* find(const std::string& key) const;
  /// The text of the string or bare member `key`, or "".
  std::string text_of(const std::string& key) const;
};

/// Throws Error{kUvFailed} with the line.
Toml parse_toml(std::string_view text);

}  // namespace envforge::packages
