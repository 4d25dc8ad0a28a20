// Reads TOML: a user's pyproject.toml and what uv writes. Our own, because the text may be a stranger's:
// docs/architecture.md says what was tried instead.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/support/error.hpp>

namespace envforge::toml {

struct Value {
  enum class Kind { kTable, kArray, kString, kBare } kind = Kind::kTable;
  std::string text;  // kString: its value; kBare: a number, date or boolean as it stands, not looked at
  std::vector<Value> items;
  std::map<std::string, Value> members;
  support::Where where;  // of the value; of a table, of its first header or key

  /// nullptr if this is no table or has no such member.
  const Value* find(const std::string& key) const;
  /// The same along "project.dependencies".
  const Value* at(const std::string& path) const;
  /// The text of the string or bare member `key`, or "".
  std::string text_of(const std::string& key) const;
  /// The strings of this array, or this string alone.
  std::vector<const Value*> strings() const;
};

/// The table of the whole document. Throws Error{code} with file:line:column for what is no TOML, for a key that is
/// given twice and for more than 32 levels.
Value parse(std::string_view text, const std::string& file, support::ErrorCode code);

}  // namespace envforge::toml
