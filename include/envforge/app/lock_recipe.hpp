// Recipe -> lock: one exact version set, its Python closure and its Debian packages, each with the reason.
#pragma once

#include <string>
#include <vector>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::app {

enum class LockMode {
  kUpdate,  // re-lock if the recipe changed, keeping every pin that still fits
  kLocked,  // refuse if the recipe changed (the default where CI is set)
  kFrozen,  // take the lock as it is
};

struct LockOptions {
  LockMode mode = LockMode::kUpdate;
  bool always = false;   // `envforge lock`: resolve even when the lock fits the recipe
  bool packages = true;  // --no-packages: only the version set; nothing is written
  bool upgrade = false;  // forget the pins of the old lock
  /// Of these packages only, Python's or Debian's, as normal names; with them exclude_newer is theirs alone.
  std::vector<std::string> upgrade_only;
  std::string exclude_newer;  // "" = the old lock's, else the date of the compatibility data
};

struct LockResult {
  documents::Lock lock;
  std::string path;
  bool written = false;
  std::vector<std::string> differences;  // against the old lock, in words
  std::vector<std::string> stayed;       // packages that were to be upgraded and were not, with the reason
  std::vector<std::string> warnings;
};

/// Throws Error: kNoVersionSet (4) with the conflict and the remedies as notes, kPythonConflict, kDebConflict (4),
/// kLockStale under kLocked (3), kUsage for an upgrade of a package that the old lock lacks (2), and what the areas
/// below throw.
LockResult lock_recipe(World& world, const documents::Recipe& recipe, const LockOptions& options);

}  // namespace envforge::app
