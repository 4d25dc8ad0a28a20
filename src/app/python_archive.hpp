// The archive of a Python that a base does not have: from the cache, a file of the site, or its address.
#pragma once

#include <filesystem>

#include <envforge/app/world.hpp>
#include <envforge/render/render.hpp>

namespace envforge::app {

/// Puts the layer of the archive at `layer`. Throws Error{kPythonFetch, kPythonDigest, kPythonArchive}.
void place_python(World& world, const documents::LockedPlatform& locked, const render::ContextReference::Python& python,
                  const std::filesystem::path& layer);

}  // namespace envforge::app
