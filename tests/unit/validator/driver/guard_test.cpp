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
  const auto found = find_preload(
      [](const char* name) { return std::string(name) == "LD_PRELOAD" ? "/opt/evil.so" : nullptr; }, "/nowhere");
  EXPECT_EQ(found, "LD_PRELOAD is set to '/opt/evil.so'");
}

TEST(FindPreload, SeesTheFileAndIgnoresItsComments) {
  const support::TempDir root;
  EXPECT_EQ(find_preload(empty_environment, root.path()), std::nullopt);
  support::write_file_atomically(root.path() / "etc/ld.so.preload", "# nothing\n\n");
  EXPECT_EQ(find_preload(empty_environment, root.path()), std::nullopt);
  support::write_file_atomically(root.path() / "etc/ld.so.preload", "# x\n /lib/evil.so # y\n");
  EXPECT_EQ(find_preload(empty_environment, root.path()), "/etc/ld.so.preload names '/lib/evil.so'");
}

}  // namespace
}  // namespace envforge::validator::driver
