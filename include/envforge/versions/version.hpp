// Versions as PyTorch, NVIDIA and the drivers write them: 2.6.0, 2.6.0+cu124, 2.15.0rc1, 9.1.0.70, 580.65.06.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::versions {

/// Ordered as PEP 440 orders: release numbers (missing ones are 0), then dev < a < b < rc < final < post. A local part
/// (+cu124) is kept as text and orders after none. Leading zeros ("06") count as their number.
class Version {
 public:
  Version() = default;
  /// nullopt if `text` is no version (at most 16 numbers, 64 characters).
  static std::optional<Version> parse(std::string_view text);
  /// For literals and checked data. Throws Error{kInternal}.
  static Version of(std::string_view text);

  const std::vector<unsigned>& release() const { return release_; }
  unsigned major() const { return part(0); }
  unsigned minor() const { return part(1); }
  unsigned patch() const { return part(2); }
  unsigned part(std::size_t index) const { return index < release_.size() ? release_[index] : 0; }
  bool is_prerelease() const { return !stage_.empty() && stage_ != "post"; }
  const std::string& local() const { return local_; }
  Version without_local() const;
  /// As it was written.
  const std::string& text() const { return text_; }

  friend std::strong_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) { return (a <=> b) == std::strong_ordering::equal; }

 private:
  std::vector<unsigned> release_;
  std::string stage_;  // "", dev, a, b, rc, post
  unsigned stage_number_ = 0;
  std::string local_;
  std::string text_;
};

}  // namespace envforge::versions
