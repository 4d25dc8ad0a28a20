#include <envforge/app/load_recipe.hpp>

#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

#include "beside_recipe.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;

constexpr std::uint64_t kMaxRecipeBytes = 1 << 20;  // the reader's own cap is lower and says so with its place

documents::Companion load_companion(const fs::path& folder, const documents::SiteConfig& site,
                                    documents::CompanionKind kind, const std::string& name) {
  if (kind == documents::CompanionKind::kSiteFleet) {
    const auto& fleet = site.fleet.value;
    if (fleet.empty()) {
      throw Error(ErrorCode::kCompanionFile,
                  "the recipe's target is the site's fleet file, and the site configuration names none", std::nullopt,
                  "set `fleet:` in the site configuration");
    }
    return {fleet, support::read_file(fleet, kMaxRecipeBytes)};
  }
  // The reader checked the name; a link that leads out of the folder is refused here.
  const auto [found, refused] = beside_recipe(folder, name);
  if (!refused.empty()) throw Error(ErrorCode::kCompanionFile, "the recipe names '" + name + "', " + refused);
  return {(folder / name).string(), support::read_file(found, kMaxRecipeBytes)};
}

// "did you mean 'train.yaml'?"; "" where the folder has no name that is nearly it.
std::string near_file(const fs::path& folder, const std::string& name) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml")
      names.push_back(support::printable(entry.path().filename().string()));
  }
  return support::did_you_mean(name, names);
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace

documents::Recipe load_recipe(const std::string& path, const documents::SiteConfig& site) {
  const std::string file = path.empty() ? kDefaultRecipe : path;
  std::error_code error;
  if (!fs::exists(file, error)) {
    const std::string hint = path.empty() ? "name the recipe behind the command, or write a first one: `envforge init`"
                                          : near_file(folder_of(file), fs::path(file).filename().string());
    throw Error(ErrorCode::kRecipeUnreadable,
                path.empty() ? "there is no envforge.yaml in this folder" : "there is no recipe " + file, std::nullopt,
                hint);
  }
  return read_loaded(support::read_file(file, kMaxRecipeBytes), file, site);
}

documents::Recipe read_loaded(const std::string& text, const std::string& file, const documents::SiteConfig& site) {
  return documents::read_recipe(text, file, [&](documents::CompanionKind kind, const std::string& name) {
    return load_companion(folder_of(file), site, kind, name);
  });
}

fs::path lock_path(const documents::Recipe& recipe) {
  return fs::path(recipe.file).replace_extension(".lock");
}

fs::path build_record_path(const documents::Recipe& recipe) {
  return fs::path(recipe.file).replace_extension(".build.json");
}

fs::path recipe_folder(const documents::Recipe& recipe) {
  return folder_of(recipe.file);
}

}  // namespace envforge::app
