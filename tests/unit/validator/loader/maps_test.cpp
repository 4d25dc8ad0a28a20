#include "loader/maps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envforge::validator::loader {
namespace {

using testing::ElementsAre;

TEST(Maps, GivesEachExecutableMappingOnce) {
  EXPECT_THAT(mapped_files("55d0-55d1 r--p 0 fe:01 1 /usr/bin/python3.11\n"
                           "55d1-55d2 r-xp 0 fe:01 1 /usr/bin/python3.11\n"
                           "7f00-7f01 r-xp 0 fe:01 2 /opt/with space/libnccl.so.2\n"
                           "7f01-7f02 r-xp 0 fe:01 2 /opt/with space/libnccl.so.2\n"
                           "7f02-7f03 rw-p 0 fe:01 3 /dev/shm/data\n"
                           "7f03-7f04 r-xp 0 00:00 0 [vdso]\n"
                           "7f04-7f05 r-xp 0 fe:01 4 /tmp/liba.so (deleted)\n"
                           "garbage\n"),
              ElementsAre("/usr/bin/python3.11", "/opt/with space/libnccl.so.2", "/tmp/liba.so"));
}

TEST(Maps, OfThisProcessNameTheTestItself) {
  EXPECT_FALSE(mapped_files_of_this_process().empty());
}

}  // namespace
}  // namespace envforge::validator::loader
