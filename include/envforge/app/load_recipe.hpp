// Reads a recipe with the files it names (fleet, requirements) from disk.
#pragma once

#include <filesystem>
#include <string>

#include <envforge/documents/recipe.hpp>
#include <envforge/documents/site_config.hpp>

namespace envforge::app {

inline constexpr const char* kDefaultRecipe = "envforge.yaml";  // in the folder that a command is called in

/// `path` "" means kDefaultRecipe. Throws Error{kRecipe...} with file:line:column.
documents::Recipe load_recipe(const std::string& path, const documents::SiteConfig& site);
/// The same of a text that was read already: a pipe can be read once.
documents::Recipe read_loaded(const std::string& text, const std::string& file, const documents::SiteConfig& site);
/// recipes/a.yaml -> recipes/a.lock, and the record of what was built, recipes/a.build.json.
std::filesystem::path lock_path(const documents::Recipe& recipe);
std::filesystem::path build_record_path(const documents::Recipe& recipe);
/// The folder that `copy` is relative to.
std::filesystem::path recipe_folder(const documents::Recipe& recipe);

}  // namespace envforge::app
