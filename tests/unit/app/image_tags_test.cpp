#include <envforge/app/image_tags.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/app/lock_recipe.hpp>
#include <envforge/support/error.hpp>

#include "support/app_world.hpp"

namespace envforge::app {
namespace {

using support::ErrorCode;
using testing::AppWorld;
using testing::recipe_text;

TEST(ImageTags, PlaceholdersAreWhatTheLockSays) {
  AppWorld at;
  const auto recipe = at.recipe(recipe_text("2.6", "tags: [\"{torch}-cuda{cuda}-py{python}-{base}\", v2.6]\n"));
  const auto locked = lock_recipe(at.world(), recipe, {}).lock.platforms.at("linux/amd64");
  EXPECT_THAT(image_tags(recipe, locked),
              ::testing::ElementsAre("team/env:2.6.0-cuda12.4-py3.11-debian12", "team/env:v2.6"));
}

TEST(ImageTags, LatestIsRefusedAlsoWhereAPlaceholderWouldMakeIt) {
  const AppWorld at;
  for (const char* tag : {"latest", "LATEST", "\"{torch\"", "\"{gpu}\"", "\"a b\"", "-v1"}) {
    EXPECT_THROW(at.recipe(recipe_text("2.6", "tags: [" + std::string(tag) + "]\n")), support::Error) << tag;
  }
}

TEST(FirstTag, NeedsNoLockWhereATagHasNoPlaceholder) {
  const AppWorld at;
  EXPECT_EQ(first_tag(at.recipe(recipe_text("2.6", "tags: [\"{torch}\", v2.6]\n"))), "team/env:v2.6");
}

TEST(FirstTag, OfARecipeWithoutTagsIsAnErrorThatSaysSo) {
  const AppWorld at;
  const auto recipe = at.recipe(recipe_text("2.6"));
  try {
    first_tag(recipe);
    FAIL() << "there are no tags";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
  }
}

TEST(FirstTag, ReadsTheLockElseAndSaysThatItIsMissing) {
  AppWorld at;
  const auto recipe = at.recipe(recipe_text("2.6", "tags: [\"{torch}\"]\n"));
  try {
    first_tag(recipe);
    FAIL() << "there is no lock";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kLockMissing);
  }
  lock_recipe(at.world(), recipe, {});
  EXPECT_EQ(first_tag(recipe), "team/env:2.6.0");
}

}  // namespace
}  // namespace envforge::app
