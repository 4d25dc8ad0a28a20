// A folder of .deb files as a flat repository that apt reads. Used by AptDebSource and by the base builder.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <envforge/process/process.hpp>

namespace envforge::packages {

struct DebIndex {
  std::vector<std::string> names;  // of the packages, in the order of their files' names
  std::string text;                // the file Packages, to lie in `folder`
};

/// Of every .deb in `folder`, by dpkg-deb, each call within `deadline`. Throws Error{kFileUnreadable} without the
/// folder and Error{kDebTool} for a file that dpkg-deb refuses.
DebIndex index_debs(process::ProcessRunner& runner, const std::string& folder, std::chrono::milliseconds deadline);

}  // namespace envforge::packages
