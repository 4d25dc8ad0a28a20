#include "gpu/host_turn.hpp"

#include <gtest/gtest.h>

#include <envforge/support/files.hpp>

namespace envforge::validator::gpu {
namespace {

using std::chrono::milliseconds;

TEST(HostTurn, IsOfOneProcessAtATime) {
  const support::TempDir folder;
  const auto file = folder.path() / "group";
  support::write_file_atomically(file, "", 0444);
  {
    const HostTurn first(milliseconds(0), file.c_str());
    EXPECT_TRUE(first.alone());
    EXPECT_FALSE(HostTurn(milliseconds(10), file.c_str()).alone());
  }
  EXPECT_TRUE(HostTurn(milliseconds(0), file.c_str()).alone()) << "the first gave it back";
}

TEST(HostTurn, IsNotClaimedWhereNothingCanBeLocked) {
  EXPECT_FALSE(HostTurn(milliseconds(0), "/nowhere").alone());
}

}  // namespace
}  // namespace envforge::validator::gpu
