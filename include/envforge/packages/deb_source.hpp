// Debian packages: which ones a set of names needs, and their files by hash. apt's trade.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <envforge/support/error.hpp>

namespace envforge::packages {

struct DebMirror {
  std::string base;          // debian:12
  std::string architecture;  // amd64
  std::string mirror;        // "" = the distribution's own; a site setting
  std::string security_mirror;
  std::string ca_bundle;
  std::string debs_dir;                        // not "": a folder of .deb files, the only source
  std::map<std::string, std::string> proxies;  // http_proxy, https_proxy, no_proxy
};

/// `suite` is bookworm, bookworm-updates, bookworm-security, or "folder"; `filename` the path below the suite's mirror.
struct ResolvedDeb {
  std::string name, version, architecture, suite, filename, sha256;
  std::uint64_t size = 0;
};

struct DebRequest {
  DebMirror mirror;
  bool with_base = false;          // also what a minimal base needs (Essential, Priority: required, apt is left out)
  std::vector<std::string> names;  // "git"
  std::vector<ResolvedDeb> installed;  // the base that they are put on
  std::vector<ResolvedDeb> preferred;  // of an older lock: kept where the mirror still has them
};

struct DebConflict {
  std::string package;
  std::vector<std::string> lines;
  std::string hint;
};

class DebSource {
 public:
  virtual ~DebSource() = default;
  /// Sorted by name; without those in `installed`, without recommended packages. Nothing of the host's own packages
  /// enters. Throws Error{kDebMirror} for a mirror that does not answer (the security mirror too) or whose index is not
  /// signed by the distribution, Error{kProgramMissing} without apt or the distribution's keyring.
  virtual std::variant<std::vector<ResolvedDeb>, DebConflict> resolve(const DebRequest& request) = 0;
  /// Every file in `cache_dir`, checked against its sha256; returns the paths in the order of `debs`.
  /// Throws Error{kDebGone} naming the package that the mirror has dropped, Error{kDebDigest} for other bytes.
  virtual std::vector<std::string> fetch(const DebMirror& mirror, const std::vector<ResolvedDeb>& debs,
                                         const std::string& cache_dir) = 0;
};

}  // namespace envforge::packages
