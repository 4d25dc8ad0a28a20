// The Python closure around torch. uv's trade; the GPU matrix is decided before and handed over as pins.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <envforge/support/error.hpp>

namespace envforge::packages {

struct PythonIndex {
  std::string name;  // "pytorch-cu126"
  std::string url;   // https://download.pytorch.org/whl/cu126
};

struct PythonRequest {
  std::string python_version;     // "3.11"
  std::string platform;           // linux/amd64
  std::string glibc;              // "2.36"
  std::vector<std::string> pins;  // "torch==2.6.0": our choices
  std::map<std::string, std::string> pin_index;  // package -> PythonIndex::name, for pins that do not come from the default index
  std::vector<PythonIndex> indexes;              // explicit: used for nothing but the pins above
  std::vector<std::string> requirements;         // the recipe's, PEP 508
  std::vector<std::string> preferences;          // "numpy==2.1.0": versions of an older lock to keep where they still fit
  std::string exclude_newer;                     // RFC 3339
  std::string wheels_dir;                        // not "": the only source, and no network
  // Site settings: they decide where bytes are fetched, never which.
  std::string default_index;  // "" = https://pypi.org/simple
  std::string ca_bundle;      // "" = none
};

struct ResolvedWheel {
  std::string name, version, filename, sha256, index;  // index = URL, or "folder"
  std::uint64_t size = 0;
  std::vector<std::string> required_by;
};

/// Why there is no closure: in the words of the user's requirements, not of uv.
struct PythonConflict {
  enum class Kind { kUnsatisfiable, kNeedsBuild, kNoSuchPackage, kIndexUnreachable } kind = Kind::kUnsatisfiable;
  std::string package;               // the one to blame, if one is
  std::vector<std::string> lines;    // explanation
  std::string hint;
};

class PythonResolver {
 public:
  virtual ~PythonResolver() = default;
  /// Sorted by name. No code of any package is run. Throws Error{kProgramMissing} without uv.
  virtual std::variant<std::vector<ResolvedWheel>, PythonConflict> resolve(const PythonRequest& request) = 0;
  /// Puts the uv program of the target platform, of exactly that wheel, at `path`. Throws Error.
  virtual void fetch_tool(const ResolvedWheel& uv, const PythonRequest& site, const std::string& path) = 0;
};

}  // namespace envforge::packages
