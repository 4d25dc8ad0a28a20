// A file or folder that a recipe names by its path beside the recipe.
#pragma once

#include <filesystem>
#include <string>

namespace envforge::app {

struct BesideRecipe {
  std::filesystem::path path;  // links followed
  std::string refused;         // "", or why it cannot be taken: "which is not there: PATH"
};

/// `name` below `folder`, the recipe's. A link out of the folder is refused: what it leads to is not the recipe's.
BesideRecipe beside_recipe(const std::filesystem::path& folder, const std::string& name);

}  // namespace envforge::app
