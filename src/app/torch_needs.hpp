// Packages that pin torch: what they need joins the problem, and a conflict between them and the machines is told with
// the recipe's lines and with ways out that were solved. Used by lock_recipe.
#pragma once

#include <optional>

#include <envforge/packages/package_needs.hpp>
#include <envforge/resolve/resolve.hpp>

#include "lock_packages.hpp"

namespace envforge::app {

/// The spec whose torch must also be what the conflict's packages need; nullopt if the conflict says nothing of torch,
/// or nothing new.
std::optional<documents::ImageSpec> narrowed_to_needs(const documents::ImageSpec& spec,
                                                      const packages::PythonConflict& conflict);

/// What the conflict's packages need of torch.
std::vector<packages::PackageNeed> torch_needs(const packages::PythonConflict& conflict);

/// The version that was chosen bears the package that asked for it as its reason.
void add_need_to_reasons(documents::LockedPlatform& locked, const packages::PackageNeed& need);

/// `what.solution` is what the recipe alone gives. Each remedy was solved, packages included. Error{kPythonConflict}.
support::Error torch_conflict_error(World& world, const PackagesToLock& what, const packages::PythonConflict& conflict);

}  // namespace envforge::app
