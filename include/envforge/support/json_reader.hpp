// Typed reads of a JSON object that know where they are. Only this file touches raw JSON members: a missing key, a
// wrong type or an unknown key is an Error with the JSON pointer, never undefined behaviour.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>

namespace envforge::support {

/// Parses `text`; throws Error{code} with line and column of `file`. Duplicate keys and nesting beyond 64 are errors.
nlohmann::json parse_json(const std::string& text, const std::string& file, ErrorCode code);

class JsonReader {
 public:
  /// `value` must outlive the reader. Errors are thrown with `code` and point into `file`.
  JsonReader(const nlohmann::json& value, std::string file, ErrorCode code, std::string pointer = "");

  bool has(const std::string& key) const;
  std::string string(const std::string& key);
  std::string string_or(const std::string& key, const std::string& otherwise);
  std::int64_t integer(const std::string& key);
  std::int64_t integer_or(const std::string& key, std::int64_t otherwise);
  double number(const std::string& key);
  bool boolean(const std::string& key);
  bool boolean_or(const std::string& key, bool otherwise);
  std::optional<std::string> maybe_string(const std::string& key);  // absent or null
  std::vector<std::string> strings(const std::string& key);
  JsonReader object(const std::string& key);
  std::vector<JsonReader> objects(const std::string& key);
  /// Calls `each(key, value)` for every member, in key order; for objects whose keys are data.
  void members(const std::function<void(const std::string&, const nlohmann::json&)>& each);
  const nlohmann::json& raw(const std::string& key);
  const nlohmann::json& value() const { return *value_; }
  const std::string& pointer() const { return pointer_; }

  /// Throws for a member that was never asked for, with a suggestion from those that were.
  void finish() const;
  [[noreturn]] void fail(const std::string& message, const std::string& key = "") const;

 private:
  const nlohmann::json* find(const std::string& key);
  const nlohmann::json& need(const std::string& key, const char* expected, bool (nlohmann::json::*is)() const noexcept);
  const nlohmann::json* value_;
  std::string file_;
  ErrorCode code_;
  std::string pointer_;
  std::set<std::string> known_;
};

}  // namespace envforge::support
