// Sets of versions: "2.6" and "2.6.*" (every 2.6.x), "==2.6.0", ">=2.4,<2.7", "~=2.6.1", "!=2.5.0", "*".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/versions/version.hpp>

namespace envforge::versions {

class VersionRange {
 public:
  VersionRange() = default;  // any version
  /// nullopt if `text` is no range. A bare "2.6" means 2.6.*; a bare "2.6.0" means exactly that.
  static std::optional<VersionRange> parse(std::string_view text);
  /// The same, where a bare version of any length means each one that begins with it: "9.10.2" contains 9.10.2.21.
  static std::optional<VersionRange> parse_prefix(std::string_view text);
  static VersionRange exactly(const Version& version);

  bool contains(const Version& version) const;
  /// Whether every version of the range is older than `version`.
  bool is_before(const Version& version) const;
  /// Whether its bounds leave no version: ">=2.6,<2.5".
  bool is_empty() const;
  bool is_any() const { return clauses_.empty(); }
  const std::string& text() const { return text_; }
  friend bool operator==(const VersionRange& a, const VersionRange& b) { return a.text_ == b.text_; }

 private:
  struct Clause {
    enum class Op { kEqual, kNotEqual, kPrefix, kNotPrefix, kLess, kLessEqual, kGreater, kGreaterEqual } op;
    Version version;
  };
  std::vector<Clause> clauses_;
  std::string text_ = "*";
};

}  // namespace envforge::versions
