// The base image of a lock: which kind there can be here, and the tar of a bootstrapped one.
#pragma once

#include <string>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>

namespace envforge::app {

struct BaseTar {
  std::string path;
  std::string sha256;  // hex, of the tar
};

/// The cached base.tar of a bootstrapped base, made if there is none.
BaseTar base_tar(World& world, const documents::Lock& lock, const std::string& platform);

/// sha256:... over what a bootstrapped base is made of: names it in the lock.
std::string base_digest(const documents::LockedBase& base, long source_date_epoch);

/// Midnight UTC of the lock's cutoff; the date that every file of a bootstrapped base carries.
long source_date_epoch(const std::string& exclude_newer);

}  // namespace envforge::app
