#include <envforge/app/load_recipe.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;
using ::testing::HasSubstr;

class LoadRecipe : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    support::write_file_atomically(folder_.path() / name, text);
  }
  std::string recipe(const std::string& target) const {
    write("env.yaml", "schema: envforge/recipe/v1\nimage: env\ntarget: " + target + "\ntorch: \"2.6\"\n");
    return (folder_.path() / "env.yaml").string();
  }
  Error refused(const std::string& path) const {
    try {
      load_recipe(path, site_);
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kInternal, "it was read");
  }

  support::TempDir folder_;
  documents::SiteConfig site_;
  const std::string fleet_ =
      "schema: envforge/fleet/v1\npools:\n  - {name: hopper, gpus: H100, driver: \"580.65.06\"}\n";
};

TEST_F(LoadRecipe, ReadsTheFleetBesideIt) {
  write("fleet.yaml", fleet_);
  EXPECT_EQ(load_recipe(recipe("fleet.yaml"), site_).spec.pools.at(0).name, "hopper");
}

TEST_F(LoadRecipe, ReadsTheSitesFleet) {
  write("elsewhere/fleet.yaml", fleet_);
  site_.fleet.value = (folder_.path() / "elsewhere/fleet.yaml").string();
  EXPECT_EQ(load_recipe(recipe("site"), site_).spec.pools.at(0).name, "hopper");
}

TEST_F(LoadRecipe, AFileThatTheRecipeNamesAndThatCannotBeHadIsToldAtItsPlace) {
  const auto absent = refused(recipe("fleet.yaml"));
  EXPECT_EQ(absent.code(), ErrorCode::kCompanionFile);
  ASSERT_TRUE(absent.where());
  EXPECT_EQ(absent.where()->line, 3);

  const auto no_site = refused(recipe("site"));
  EXPECT_EQ(no_site.code(), ErrorCode::kCompanionFile);
  EXPECT_THAT(no_site.hint(), HasSubstr("fleet:"));

  const support::TempDir outside;
  support::write_file_atomically(outside.path() / "fleet.yaml", fleet_);
  fs::create_symlink(outside.path() / "fleet.yaml", folder_.path() / "linked.yaml");
  const auto linked = refused(recipe("linked.yaml"));
  EXPECT_EQ(linked.code(), ErrorCode::kCompanionFile);
  EXPECT_THAT(linked.message(), HasSubstr("leads out of the recipe's folder"));
}

TEST_F(LoadRecipe, ARecipeThatIsNotThereIsTold) {
  EXPECT_EQ(refused((folder_.path() / "none.yaml").string()).code(), ErrorCode::kRecipeUnreadable);
  write("train.yaml", "x");
  EXPECT_EQ(refused((folder_.path() / "trian.yaml").string()).hint(), "did you mean 'train.yaml'?");
}

TEST_F(LoadRecipe, LockAndRecordLieBesideTheRecipe) {
  documents::Recipe recipe;
  recipe.file = "recipes/a.b.yaml";
  EXPECT_EQ(lock_path(recipe), "recipes/a.b.lock");
  EXPECT_EQ(build_record_path(recipe), "recipes/a.b.build.json");
  EXPECT_EQ(recipe_folder(recipe), "recipes");
}

}  // namespace
}  // namespace envforge::app
