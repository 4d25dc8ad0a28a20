#include <envforge/support/glob.hpp>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/files.hpp>

namespace envforge::support {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> found(const TempDir& folder, const std::string& pattern) {
  const std::string root = folder.path().string() + "/";
  std::vector<std::string> names;
  for (const std::string& file : files_matching(root + pattern)) {
    EXPECT_EQ(file.substr(0, root.size()), root);
    names.push_back(file.substr(root.size()));
  }
  return names;
}

TEST(Glob, FindsFilesOfAnyDepthSortedAndNotThroughLinks) {
  const TempDir folder;
  for (const char* name :
       {"b/two.lock", "a.lock", "b/c/d/three.lock", "b/c/other.txt", ".hidden/four.lock", "b/.five.lock"})
    write_file_atomically(folder.path() / name, "");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "b/again");
  std::filesystem::create_directory(folder.path() / "folder.lock");
  EXPECT_THAT(found(folder, "**/*.lock"), ElementsAre("a.lock", "b/c/d/three.lock", "b/two.lock"));
  EXPECT_THAT(found(folder, "*.lock"), ElementsAre("a.lock"));
  EXPECT_THAT(found(folder, "b/**/*.lock"), ElementsAre("b/c/d/three.lock", "b/two.lock"));
  EXPECT_THAT(found(folder, "b/**/t[gh]ree.loc?"), ElementsAre("b/c/d/three.lock"));
  EXPECT_THAT(found(folder, "b/**"), ElementsAre("b/c/d/three.lock", "b/c/other.txt", "b/two.lock"));
  EXPECT_THAT(found(folder, "*/two.lock"), ElementsAre("b/two.lock"));
  EXPECT_THAT(found(folder, "none/**/*.lock"), ElementsAre());
}

}  // namespace
}  // namespace envforge::support
