// The packages of one platform of a lock: what uv, apt and a registry answer, as locked rows.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <envforge/app/lock_recipe.hpp>
#include <envforge/packages/deb_source.hpp>
#include <envforge/resolve/solution.hpp>

namespace envforge::app {

struct PackagesToLock {
  const documents::Recipe& recipe;
  const LockOptions& options;
  const resolve::PlatformSolution& solution;
  const documents::LockedPlatform* old;  // whose versions are kept where they still fit; nullptr = none
  const documents::Lock& lock;           // cutoffs
};

using WheelsAnswer = std::variant<std::vector<documents::LockedWheel>, packages::PythonConflict>;
WheelsAnswer lock_wheels(World& world, const PackagesToLock& what);
/// Error{kPythonConflict, kIndexUnreachable} at the requirement that is to blame.
support::Error packages_error(const packages::PythonConflict& conflict, const documents::Recipe& recipe);
/// uv itself, for the build. Throws Error{kPythonConflict, kIndexUnreachable}.
std::vector<documents::LockedWheel> lock_tools(World& world, const PackagesToLock& what);

/// What apt answered, as rows of a lock. `foundation`: they lie below the torch layer.
std::vector<documents::LockedDeb> locked_rows(const std::vector<packages::ResolvedDeb>& debs, bool foundation);

struct LockedSystem {
  documents::LockedBase base;
  std::vector<documents::LockedDeb> debs, builder_debs;
};
/// The base (by registry, an image of the engine, or bootstrapped) and every .deb. Throws Error{kDebConflict}.
LockedSystem lock_system(World& world, const PackagesToLock& what);

}  // namespace envforge::app
