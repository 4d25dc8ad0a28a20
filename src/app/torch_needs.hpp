// Packages that pin torch: what they need joins the problem, and a conflict between them and the machines is told with
// the recipe's lines and with ways out that were solved. Used by lock_recipe.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <envforge/packages/package_needs.hpp>
#include <envforge/resolve/resolve.hpp>

#include "lock_packages.hpp"

namespace envforge::app {

/// A version set with a torch that packages ask for.
struct TorchChoice {
  documents::ImageSpec spec;  // narrowed to what they ask
  resolve::Solution solution;
  std::vector<packages::PackageNeed> needs;  // never empty
};

/// The version sets of `spec` with a torch that the conflict's packages need: of all needs together and of each alone,
/// newest torch first, each torch once. Whether all packages go with one of them only uv can tell.
std::vector<TorchChoice> torches_needed(const documents::ImageSpec& spec, const compat::Knowledge& knowledge,
                                        const std::vector<documents::PythonArchive>& pythons,
                                        const packages::PythonConflict& conflict);
std::string torch_of(const resolve::Solution& solution);
bool newer_torch(const TorchChoice& a, const TorchChoice& b);

/// "xformers 0.0.28", "xformers >=0.0.28"
std::string named(const packages::PackageNeed& need);

/// The version that was chosen bears the package that asked for it as its reason.
void add_need_to_reasons(documents::LockedPlatform& locked, const packages::PackageNeed& need);

/// `what.solution` is what the recipe alone gives, `tried` each torch that uv refused. Each remedy was solved, packages
/// included; one that breaks the line that it changes says so. Error{kPythonConflict}.
support::Error torch_conflict_error(World& world, const PackagesToLock& what, const packages::PythonConflict& conflict,
                                    const std::set<std::string>& tried);

}  // namespace envforge::app
