// Whose a file is: a wheel's (RECORD), a Debian package's (dpkg), a conda package's (conda-meta), or nobody's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "loader/distribution.hpp"
#include "loader/root.hpp"

namespace envforge::validator::loader {

struct Owner {
  std::string kind;     // "pip", "apt", "conda", "none", "not known" (a package database that is not read here: rpm)
  std::string package;  // "nvidia-cublas-cu12"
  std::string version;  // "12.4.5.8"
};
/// "pip nvidia-cublas-cu12 12.4.5.8", "none".
std::string to_string(const Owner& owner);

/// Reads each database once, when it is first needed.
class Owners {
 public:
  /// `site_packages`: folders whose distributions are known; `prefixes`: where conda-meta may lie.
  Owners(const Root& root, std::vector<std::string> site_packages, std::vector<std::string> prefixes);

  /// The first owner of a path (links resolved or not).
  Owner of(const std::string& path);
  /// All distributions that claim the file: two is a broken installation.
  std::vector<Owner> claims(const std::string& path);
  const std::vector<Distribution>& distributions() const { return distributions_; }
  /// Every library file that a wheel or a conda package brought, sorted.
  std::vector<std::string> libraries();

 private:
  void read_dpkg();
  void read_conda();

  const Root& root_;
  std::vector<std::string> prefixes_;
  std::vector<Distribution> distributions_;
  std::map<std::string, std::vector<Owner>> pip_;
  std::map<std::string, Owner> dpkg_, conda_;
  bool dpkg_read_ = false, conda_read_ = false;
};

/// The version of a library: its owner's, else what its file name says ("libnccl.so.2.18.5"), else "" (not known).
std::string library_version(const Root& root, const std::string& path, const Owner& owner);

}  // namespace envforge::validator::loader
