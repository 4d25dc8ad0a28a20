// The names an image gets: the recipe's tags with their placeholders filled in.
#pragma once

#include <string>
#include <vector>

#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::app {

/// "pytorch-cuda:v2.6"; {torch} {cuda} {python} {base} come from the lock. Throws Error{kRecipe...} for a tag that is
/// none or latest.
std::vector<std::string> image_tags(const documents::Recipe& recipe, const documents::LockedPlatform& locked);
/// The first tag without placeholders, else the first of the lock beside the recipe. Throws Error{kLockMissing} if that
/// needs a lock, Error{kUsage} for a recipe without tags.
std::string first_tag(const documents::Recipe& recipe);

}  // namespace envforge::app
