// File names of wheels (PEP 427) and which of several an installer would take (PEP 425). Pure. Used by UvResolver,
// which locks one file for each package; the order is uv's own, compared with uv itself in a contract test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envforge::packages {

struct WheelName {
  std::string name, version;
  std::uint64_t build = 0;  // 0 = no build tag
  std::vector<std::string> pythons, abis, platforms;
};

/// nullopt if `filename` is not NAME-VERSION[-BUILD]-PYTHON-ABI-PLATFORM.whl.
std::optional<WheelName> parse_wheel_name(std::string_view filename);

/// A CPython on a glibc Linux.
struct TagTarget {
  int python_minor = 0;        // 11 for CPython 3.11
  std::string machine;         // x86_64, aarch64
  int glibc_minor = 0;         // 36 for glibc 2.36
  bool free_threaded = false;  // the build without a GIL: another ABI, and no stable one
};

/// The tags that the target takes, best first: "cp311-cp311-manylinux_2_36_x86_64" ... "py30-none-any".
std::vector<std::string> compatible_tags(const TagTarget& target);

/// The index of the file that an installer takes, by tag and then by build number; nullopt if it can take none.
std::optional<std::size_t> best_wheel(const std::vector<WheelName>& wheels, const std::vector<std::string>& tags);

}  // namespace envforge::packages
