#include "beside_recipe.hpp"

namespace envforge::app {

namespace fs = std::filesystem;

BesideRecipe beside_recipe(const fs::path& folder, const std::string& name) {
  std::error_code error;
  const fs::path root = fs::weakly_canonical(folder, error);
  BesideRecipe out{fs::canonical(root / name, error), {}};
  if (error) {
    out.refused = "which is not there: " + (folder / name).string();
    return out;
  }
  const auto inside = out.path.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..")
    out.refused = "which leads out of the recipe's folder to " + out.path.string();
  // To open a pipe that nobody writes to would wait for ever.
  else if (!fs::is_regular_file(out.path, error) && !fs::is_directory(out.path, error))
    out.refused = "which is neither a file nor a folder: " + (folder / name).string();
  return out;
}

}  // namespace envforge::app
