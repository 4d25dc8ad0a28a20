// The way from a recipe to a new lock: the version set, uv's packages around it, and another torch where they need one.
// Used by lock_recipe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/app/lock_recipe.hpp>

namespace envforge::app {

/// Throws Error: kNoVersionSet, kPythonConflict, kDebConflict, and what the areas below throw.
documents::Lock solve_lock(World& world, const documents::Recipe& recipe, const LockOptions& options,
                           const std::optional<documents::Lock>& old, std::vector<std::string>& warnings);

/// Whether a wheel or a tool of any platform has that normal name.
bool has_wheel(const documents::Lock& lock, const std::string& name);

}  // namespace envforge::app
