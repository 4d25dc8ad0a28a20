// Puts the files that a rendered image needs into one folder: what plain `docker build` of that folder takes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe.hpp>
#include <envforge/render/render.hpp>
#include <envforge/support/error.hpp>

namespace envforge::app {

struct BuildContext {
  std::vector<std::string> files;              // relative to the folder
  std::string base_tar_sha256;                 // of a bootstrapped base
  std::optional<support::Error> missing_base;  // why base.tar could not be made
};

/// Everything but the torch group's files if `torch_group` is false. Without mmdebstrap base.tar is left out and
/// missing_base says how to make it; the caller decides whether that is an error.
BuildContext write_context(World& world, const documents::Recipe& recipe, const documents::Lock& lock,
                           const std::string& platform, const render::RenderedImage& rendered, bool torch_group,
                           const std::filesystem::path& folder);

/// The same file at a second path: a hard link where both lie on one disk, else a copy.
void place_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace envforge::app
