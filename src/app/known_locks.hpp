// The locks that images of this machine were built from, by the digest that stands in the image's label.
#pragma once

#include <optional>
#include <string>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>

namespace envforge::app {

void keep_lock(const World& world, const documents::Lock& lock);
/// nullopt for a digest that is none, or that no build of this machine had.
std::optional<documents::Lock> find_lock(const World& world, const std::string& digest);

}  // namespace envforge::app
