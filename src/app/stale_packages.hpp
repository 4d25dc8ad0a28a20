// Packages that went back to a version from before the torch beside them: an old version often pins no torch yet, so it
// goes with every one, and nobody asked for it. Used by lock_solver.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/packages/python_resolver.hpp>

#include "lock_packages.hpp"

namespace envforge::app {

struct StalePackage {
  documents::Located<std::string> line;  // of the recipe
  std::string package, version, uploaded;
  std::string newer;                        // the version that uv takes where torch is its own choice
  std::vector<std::string> platforms = {};  // on which that is so
};

struct StalePackages {
  std::vector<StalePackage> packages;
  std::string torch;                        // that goes with the newer versions; "" = none is known to
  std::optional<resolve::Solution> better;  // the version set with it, if the recipe's `torch` allows it
};

/// Of the recipe's lines that pin no version: those whose wheel was uploaded before the release of torch although uv
/// takes a newer one with another torch that the target can have. Empty where the index says no dates. Asks uv only
/// if a wheel is that old.
StalePackages stale_packages(World& world, const PackagesToLock& what,
                             const std::vector<packages::ResolvedWheel>& wheels);

/// Takes what another platform of the same lock adds; what both say stands once, with both platforms.
void add_stale(StalePackages& all, StalePackages of_platform);

/// A wheel of a version that nobody asked for.
struct Prerelease {
  documents::Located<std::string> line;  // of the recipe
  std::string package, version;
  std::string why_no_final;  // what uv says of the final versions, with the way out
  std::vector<std::string> platforms = {};
};
/// Those of the recipe's lines that name no pre-release, added as above. Asks uv only where there is one.
void add_prereleases(World& world, std::vector<Prerelease>& all, const PackagesToLock& what,
                     const std::vector<packages::ResolvedWheel>& wheels);

/// What is to be said of both, a line each; a platform is named where the lock has `platforms` of them and not all are
/// concerned.
std::vector<std::string> stale_warnings(const StalePackages& stale, const std::string& torch, bool kept,
                                        std::size_t platforms);
std::vector<std::string> prerelease_warnings(const std::vector<Prerelease>& found, std::size_t platforms);

}  // namespace envforge::app
