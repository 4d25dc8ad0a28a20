#include <envforge/app/image_tags.hpp>

#include <envforge/app/load_recipe.hpp>
#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::app {

std::vector<std::string> image_tags(const documents::Recipe& recipe, const documents::LockedPlatform& locked) {
  const std::map<std::string, std::string> values = {
      {"torch", locked.torch}, {"cuda", locked.cuda}, {"python", locked.python}, {"base", locked.base.name}};
  std::vector<std::string> tags;
  for (const auto& tag : recipe.tags) tags.push_back(recipe.spec.image + ":" + documents::expand_tag(tag, values));
  return tags;
}

std::string first_tag(const documents::Recipe& recipe) {
  for (const auto& tag : recipe.tags) {
    if (tag.value.find('{') == std::string::npos) return recipe.spec.image + ":" + tag.value;
  }
  if (recipe.tags.empty()) {
    throw support::Error(support::ErrorCode::kUsage, "the recipe has no tags, so it names no image", std::nullopt,
                         "add `tags:` to " + recipe.file + ", or name the image itself");
  }
  const auto path = lock_path(recipe);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw support::Error(support::ErrorCode::kLockMissing,
                         "the recipe's tags depend on its lock, and there is no " + path.string(), std::nullopt,
                         "build it first: envforge build " + recipe.file);
  }
  const auto lock = documents::read_lock(support::read_file(path), path.string());
  return image_tags(recipe, lock.platforms.begin()->second).front();
}

}  // namespace envforge::app
