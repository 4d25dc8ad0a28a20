// Puts the files that a rendered image needs into one folder: what plain `docker build` of that folder takes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe.hpp>
#include <envforge/render/render.hpp>

namespace envforge::app {

struct BuildContext {
  std::vector<std::string> files;  // relative to the folder
  std::string base_tar_sha256;     // of a bootstrapped base
};

/// Everything but the torch group's files if `torch_group` is false.
BuildContext write_context(World& world, const documents::Recipe& recipe, const documents::Lock& lock,
                           const std::string& platform, const render::RenderedImage& rendered, bool torch_group,
                           const std::filesystem::path& folder);

/// The same file at a second path: a hard link where both lie on one disk, else a copy.
void place_file(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace envforge::app
