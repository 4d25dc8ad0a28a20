// The packages of one platform of a lock: what uv, apt and a registry answer, as locked rows.
#pragma once

#include <set>
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
  const documents::LockedPlatform* old;                  // whose versions are kept where they still fit; nullptr = none
  const documents::Lock& lock;                           // cutoffs
  const std::vector<documents::PythonArchive>& pythons;  // that the resolver may take
};

using WheelsAnswer = std::variant<std::vector<packages::ResolvedWheel>, packages::PythonConflict>;
/// The wheels of a platform but for those that are built. `direct` as below.
WheelsAnswer resolve_wheels(World& world, const PackagesToLock& what, std::set<std::string>& direct);
/// What resolve_wheels asks: torch and its family as pins, the recipe's requirements, the site's indexes. `direct` gets
/// the names of what we or the recipe ask for.
packages::PythonRequest wheels_request(World& world, const PackagesToLock& what, std::set<std::string>& direct);
/// NAME==VERSION of the older lock, where it still decides.
std::vector<std::string> kept_versions(const PackagesToLock& what);
/// What uv answered, as rows of a lock.
std::vector<documents::LockedWheel> locked_rows(const std::vector<packages::ResolvedWheel>& wheels,
                                                const std::set<std::string>& direct);
/// Error{kPythonConflict, kIndexUnreachable} at the requirement that is to blame.
support::Error packages_error(const packages::PythonConflict& conflict, const documents::Recipe& recipe);
/// uv itself, for the build. Throws Error{kPythonConflict, kIndexUnreachable}.
std::vector<documents::LockedWheel> lock_tools(World& world, const PackagesToLock& what);

/// What uv answers to the locked wheels, exactly as they are, and the requirements in `more` beside them. Throws
/// packages_error(), with `why` in its notes.
std::vector<packages::ResolvedWheel> resolve_beside(World& world, const PackagesToLock& what,
                                                    const documents::LockedPlatform& locked,
                                                    const std::vector<std::string>& more, const std::string& why);
/// Of such an answer, what the image does not have yet.
std::vector<documents::LockedWheel> rows_beside(std::vector<packages::ResolvedWheel> wheels,
                                                const documents::LockedPlatform& locked);
/// NVIDIA's wheels that bring nvcc and its headers for the platform's toolkit, less those that it has. Throws
/// Error{kNoCudaCompiler} at `where` if the data does not know them.
std::vector<std::string> nvcc_requirements(const World& world, const documents::LockedPlatform& locked,
                                           const support::Where& where);

/// What nearly every build script of a torch extension imports; a package's others stand under `needs`.
std::vector<std::string> build_tools();
/// To a platform of the variant devel whose wheels are locked: nvcc, its headers, and build_tools(). Throws as the two
/// above.
void lock_toolkit(World& world, const PackagesToLock& what, documents::LockedPlatform& locked);

/// What the recipe has built from a source: packages.build, and the commits of packages.pip.
std::vector<documents::BuildWish> builds_of(const documents::ImageSpec& spec);
/// Adds their sources by hash, and the tools of their builds, to a platform whose wheels are locked. Throws
/// Error{kBuildSource, kNoCudaCompiler, kPythonConflict, kIndexUnreachable}.
void lock_builds(World& world, const PackagesToLock& what, documents::LockedPlatform& locked);
/// Takes the wheels of builds with an unchanged key from an older lock.
void keep_built_wheels(const std::string& platform, const documents::LockedPlatform* old,
                       const std::vector<std::string>& upgraded, documents::LockedPlatform& locked);
/// Into the wheels of the platform, which are in the order of their names.
void add_wheel(documents::LockedPlatform& locked, documents::LockedWheel wheel);
/// The builds of a lock whose files beside the recipe are not those that were locked.
std::vector<std::string> changed_sources(const documents::Recipe& recipe, const documents::Lock& old);

/// What apt answered, as rows of a lock. `foundation`: they lie below the torch layer.
std::vector<documents::LockedDeb> locked_rows(const std::vector<packages::ResolvedDeb>& debs, bool foundation);

struct LockedSystem {
  documents::LockedBase base;
  std::vector<documents::LockedDeb> debs, builder_debs;
};
/// The base (by registry, an image of the engine, or bootstrapped) and every .deb. Throws Error{kDebConflict}.
LockedSystem lock_system(World& world, const PackagesToLock& what);

}  // namespace envforge::app
