// Packages that are built from their sources: their wheels are made once and kept in the cache, by the key of the
// build.
#pragma once

#include <filesystem>
#include <string>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::app {

struct WheelBuilds {
  engine::BuildRequest settings;  // platform, network and cache of the engine's builds
  /// Whether hashes of new wheels may be written into the lock; "" = yes, else the flag that forbids it.
  std::string frozen_by;
};

/// Makes every wheel that the platform's builds lack on this machine. Returns whether the lock got the hash of a new
/// one. Throws Error{kBuiltWheelAbsent} for a wheel that the lock may not get, {kWheelBuild} with the last lines of a
/// build that failed or what is wrong with its wheel, {kBuiltWheelDiffers} for other bytes than the lock has.
bool build_missing_wheels(World& world, const documents::Recipe& recipe, documents::Lock& lock,
                          const std::string& platform, const WheelBuilds& how);

/// The file of a locked wheel that was built, in the cache or in the site's wheel folder; by its hash. Throws
/// Error{kBuiltWheelAbsent} if neither has it.
std::filesystem::path built_wheel_file(const World& world, const std::string& platform,
                                       const documents::LockedPlatform& locked, const documents::LockedWheel& wheel);

/// Throws Error{kBuiltWheelAbsent} for a build whose wheel the lock does not have.
void require_built(const documents::LockedPlatform& locked, const std::string& why);

}  // namespace envforge::app
