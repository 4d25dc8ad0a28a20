#include "driver/guard.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include <envforge/support/files.hpp>

namespace envforge::validator::driver {
namespace {

const char* empty_environment(const char*) {
  return nullptr;
}

TEST(FindPreload, SeesTheEnvironment) {
  const auto environment = [](const char* name) {
    return std::string(name) == "LD_PRELOAD" ? "/opt/evil.so" : nullptr;
  };
  const auto of_image = find_preload(environment, "/nowhere", false);
  ASSERT_TRUE(of_image);
  EXPECT_EQ(of_image->what, "LD_PRELOAD is set to '/opt/evil.so'");
  EXPECT_EQ(of_image->layer, protocol::Layer::kImage);
  EXPECT_EQ(of_image->mend, "take `ENV LD_PRELOAD` out of the image");
  const auto of_run = find_preload(environment, "/nowhere", true);
  ASSERT_TRUE(of_run);
  EXPECT_EQ(of_run->layer, protocol::Layer::kContainerFlags) << "the user's own -e, or their shell's";
  EXPECT_EQ(of_run->mend.rfind("leave `-e LD_PRELOAD` out of docker run, or `unset LD_PRELOAD`", 0), 0U);
}

TEST(FindPreload, SeesTheFileAndIgnoresItsComments) {
  const support::TempDir root;
  EXPECT_FALSE(find_preload(empty_environment, root.path(), true));
  support::write_file_atomically(root.path() / "etc/ld.so.preload", "# nothing\n\n");
  EXPECT_FALSE(find_preload(empty_environment, root.path(), true));
  support::write_file_atomically(root.path() / "etc/ld.so.preload", "# x\n /lib/evil.so # y\n");
  const auto found = find_preload(empty_environment, root.path(), true);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->what, "/etc/ld.so.preload names '/lib/evil.so'");
  EXPECT_EQ(found->layer, protocol::Layer::kImage) << "a file is the image's, whoever started it";
}

}  // namespace
}  // namespace envforge::validator::driver
