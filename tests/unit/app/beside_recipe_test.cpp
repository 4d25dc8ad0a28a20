#include "app/beside_recipe.hpp"

#include <sys/stat.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/files.hpp>

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct RecipeFolder : ::testing::Test {
  RecipeFolder() { support::write_file_atomically(folder_ / "ops/setup.py", ""); }
  std::string refused(const std::string& name) const { return beside_recipe(folder_, name).refused; }
  const support::TempDir all_;
  const fs::path folder_ = all_.path() / "recipes";
};

TEST_F(RecipeFolder, GivesFilesAndFoldersWithTheirLinksFollowed) {
  fs::create_symlink("ops/setup.py", folder_ / "link.py");
  EXPECT_EQ(beside_recipe(folder_, "ops").path, fs::canonical(folder_ / "ops"));
  EXPECT_EQ(beside_recipe(folder_, "link.py").path, fs::canonical(folder_ / "ops/setup.py"));
  EXPECT_EQ(beside_recipe(folder_, ".").path, fs::canonical(folder_));
  for (const char* name : {"ops", "link.py", ".", "ops/../ops"}) EXPECT_EQ(refused(name), "") << name;
}

TEST_F(RecipeFolder, RefusesWhatIsNotThereAndWhatLiesOutside) {
  support::write_file_atomically(all_.path() / "recipes-too/secret", "");
  fs::create_symlink(all_.path() / "recipes-too", folder_ / "out");
  fs::create_symlink("nowhere", folder_ / "broken");
  EXPECT_EQ(refused("none"), "which is not there: " + (folder_ / "none").string());
  EXPECT_THAT(refused("broken"), HasSubstr("is not there"));
  for (const char* name : {"out", "out/secret", "..", "../recipes-too", "ops/../../recipes-too/secret"})
    EXPECT_THAT(refused(name), HasSubstr("leads out of the recipe's folder to ")) << name;
}

TEST_F(RecipeFolder, RefusesAPipeInsteadOfWaitingForSomebodyWhoWritesToIt) {
  ASSERT_EQ(::mkfifo((folder_ / "requirements.txt").c_str(), 0600), 0);
  EXPECT_EQ(refused("requirements.txt"),
            "which is neither a file nor a folder: " + (folder_ / "requirements.txt").string());
}

}  // namespace
}  // namespace envforge::app
