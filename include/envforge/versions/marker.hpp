// Environment markers of Python requirements: "python_version < '3.12' and sys_platform == 'linux'" (PEP 508).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::versions {

enum class Truth { kNo, kUnknown, kYes };

/// Values of marker variables. A variable that is missing is not known; "3.11.*" is a version of which only the
/// beginning is known.
using MarkerValues = std::map<std::string, std::string, std::less<>>;

class Marker {
 public:
  /// What stands behind the ';' of a requirement; nullopt if that is no marker (nested at most 8 deep).
  static std::optional<Marker> parse(std::string_view text);
  /// kUnknown where it depends on what is not known, also where tools do not agree on a comparison.
  Truth holds(const MarkerValues& values) const;
  /// As it was written, without spaces around it.
  const std::string& text() const { return text_; }
  friend bool operator==(const Marker& a, const Marker& b) { return a.text_ == b.text_; }

 private:
  friend class MarkerReader;
  struct Side {
    bool variable = false;
    std::string text;
  };
  struct Step {  // in the order in which a stack takes them
    enum class Kind { kCompare, kAnd, kOr } kind;
    Side left, right;
    std::string op;  // "==", "in", "not in", ...
  };
  static Truth compare(const Step& step, const MarkerValues& values);
  std::vector<Step> steps_;
  std::string text_;
};

/// What is known of markers in an image of envforge's: CPython on Linux, no extra. `platform` is linux/amd64 or
/// linux/arm64, `python` 3.11 or 3.14t; "" for what is not known yet.
MarkerValues image_marker_values(const std::string& platform, const std::string& python);

}  // namespace envforge::versions
