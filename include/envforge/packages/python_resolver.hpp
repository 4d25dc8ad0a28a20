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
  std::string name;    // "pytorch-cu126"
  std::string url;     // https://download.pytorch.org/whl/cu126: what the lock records
  std::string mirror;  // "" = url; a site setting: where its bytes are asked for
};

/// The index that a lock names for every package without one of its own, whatever mirror served it.
inline constexpr const char* kDefaultPythonIndex = "https://pypi.org/simple";
/// ResolvedWheel::index of a package that the request provides.
inline constexpr const char* kProvided = "provided";
/// What a lock names when the wheels of a folder were the only source.
inline constexpr const char* kFolderIndex = "folder";

struct PythonRequest {
  std::string python_version;     // "3.11"
  std::string platform;           // linux/amd64
  std::string glibc;              // "2.36"
  std::vector<std::string> pins;  // "torch==2.6.0": our choices
  std::map<std::string, std::string>
      pin_index;                     // package -> PythonIndex::name, for pins that do not come from the default index
  std::vector<PythonIndex> indexes;  // explicit: used for nothing but the pins above
  std::vector<std::string> requirements;  // the recipe's, PEP 508; NAME @ URL#sha256=... for a wheel by its address
  std::vector<std::string> preferences;   // "numpy==2.1.0": versions of an older lock to keep where they still fit
  std::string exclude_newer;              // RFC 3339; "" = no cutoff. Explicit indexes, whose pins are exact, have none
  std::map<std::string, std::string> exclude_newer_of;  // package -> a cutoff of its own
  /// Packages that the caller makes: no source is asked for one of these names. Name -> version that requirements are
  /// held against; "" = not known yet, and every requirement of it is taken as met.
  std::map<std::string, std::string> provided;
  std::string wheels_dir;  // not "": the only source, and no network
  // Site settings: they decide where bytes are fetched, never which.
  std::string default_index;                   // "" = https://pypi.org/simple
  std::string ca_bundle;                       // "" = none
  std::map<std::string, std::string> proxies;  // HTTPS_PROXY, HTTP_PROXY, NO_PROXY, ALL_PROXY
};

struct ResolvedWheel {
  std::string name, version, filename, sha256, index;  // index = URL without credentials, or "folder"
  std::uint64_t size = 0;                              // 0 = the index does not say
  std::vector<std::string> required_by;  // other packages of the closure; empty if only the request asks for it
  std::string uploaded;                  // 2025-01-01T00:00:00Z; "" = the index does not say
};

/// The source distribution of one exact version.
struct ResolvedSdist {
  std::string name, version, filename, sha256, index;  // index as of a ResolvedWheel
};

/// Why there is no closure: in the words of the user's requirements, not of uv.
struct PythonConflict {
  enum class Kind { kUnsatisfiable, kNeedsBuild, kNoSuchPackage, kIndexUnreachable } kind = Kind::kUnsatisfiable;
  std::string package;             // the one to blame, if one is
  std::string version;             // of kNeedsBuild: the newest that the rest asks for; "" = not known
  std::vector<std::string> lines;  // explanation
  std::string hint;
};

class PythonResolver {
 public:
  virtual ~PythonResolver() = default;
  /// Sorted by name; for each package the one file that is to be installed, and a row with the index kProvided and no
  /// file for each package of `provided` that another one requires. No code of any package is run. The program
  /// uv is resolved like a package: requirements {"uv"}. Throws Error{kProgramMissing} without uv, Error{kUvFailed} if
  /// uv ends in a way that is no answer.
  virtual std::variant<std::vector<ResolvedWheel>, PythonConflict> resolve(const PythonRequest& request) = 0;
  /// The sdist of exactly that version; the sources and cutoffs of `site` count, not its pins and requirements. Nothing
  /// in it is run or even opened. Throws as resolve does.
  virtual std::variant<ResolvedSdist, PythonConflict> find_sdist(const PythonRequest& site, const std::string& name,
                                                                 const std::string& version) = 0;
  /// The file names of all wheels of exactly that version, for whatever platform, and for the Python of `site` and
  /// newer ones, also those without a GIL; sorted. Sources and cutoffs as above. Throws as resolve does.
  virtual std::variant<std::vector<std::string>, PythonConflict> wheel_names(const PythonRequest& site,
                                                                             const std::string& name,
                                                                             const std::string& version) = 0;
  /// Puts the uv program of the target platform, of exactly that wheel, at `path`. Throws Error.
  virtual void fetch_tool(const ResolvedWheel& uv, const PythonRequest& site, const std::string& path) = 0;
};

}  // namespace envforge::packages
