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
  std::vector<std::string> platforms;  // linux/arm64 ...; empty: the one that all GPUs come with, or the recipe's own
};

struct NewRecipe {
  std::string text;
  std::vector<documents::ImportNote> notes;
  std::string answer;  // the version set that it gives, or why there is none and what would work; ends with a newline
  bool solved = false;
};

/// What a flag or an answer says of a recipe.
enum class Wish { kGpu, kDriver, kTorch, kCuda, kPython, kBase, kImage, kPip };
/// Throws what the recipe's reader and the resolver say of this value alone, with the flag as its place: "--gpu".
void check_wish(const World& world, Wish wish, const std::string& value);

/// Reads `from` and checks and solves the recipe; writes nothing. Throws Error{kUsage} without a GPU or where the file
/// is there already, what import_environment throws, and what check_wish throws; what the recipe refuses of the import
/// has `from` as its place, for the recipe itself is not there yet.
NewRecipe make_recipe(World& world, const InitWishes& wishes);

/// A GPU and a driver of this machine to propose; nullopt where no driver shows one.
struct HostTarget {
  std::string gpu, driver;
};
std::optional<HostTarget> propose_target(World& world);

}  // namespace envforge::app
