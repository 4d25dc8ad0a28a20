// The first recipe: from flags or answers, and from what another tool wrote down of an environment.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/app/world.hpp>
#include <envforge/documents/import_environment.hpp>

namespace envforge::app {

/// An empty member is left to its default, or to the import.
struct InitWishes {
  std::string file = "envforge.yaml";
  std::string from;  // requirements.txt, environment.yml or pyproject.toml
  std::string image, torch, cuda, python, base, driver;
  std::vector<std::string> gpus;  // needed
  std::vector<std::string> pip;
};

struct NewRecipe {
  std::string text;
  std::vector<documents::ImportNote> notes;
  std::string answer;  // the version set that it gives, or why there is none and what would work; ends with a newline
  bool solved = false;
};

/// Reads `from` and checks and solves the recipe; writes nothing. Throws Error{kUsage} without a GPU or where the file
/// is there already, what import_environment throws, and EF30xx for a wish that a recipe refuses.
NewRecipe make_recipe(World& world, const InitWishes& wishes);

/// A GPU and a driver of this machine to propose; nullopt where no driver shows one.
struct HostTarget {
  std::string gpu, driver;
};
std::optional<HostTarget> propose_target(World& world);

}  // namespace envforge::app
