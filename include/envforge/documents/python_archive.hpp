// A Python for bases that have another one. A site configuration lists archives, the resolver may choose one, and a
// lock records it. A plain value.
#pragma once

#include <string>

namespace envforge::documents {

/// A gzipped tar of a prefix that works in any folder: bin/pythonX.Y, lib/pythonX.Y.
struct PythonArchive {
  std::string version;   // "3.12.7", "3.13.5t": the one without a GIL
  std::string platform;  // linux/amd64
  std::string url;       // https; of a file of the site's: its absolute path in the configuration, its name in a lock
  std::string sha256;    // 64 hex digits
  std::string glibc;     // "2.17": the oldest C library that it runs with
  friend bool operator==(const PythonArchive&, const PythonArchive&) = default;
};

/// Else it is a file.
inline bool has_address(const PythonArchive& python) {
  return python.url.find("://") != std::string::npos;
}

}  // namespace envforge::documents
