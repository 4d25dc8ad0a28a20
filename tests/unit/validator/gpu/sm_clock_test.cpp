#include "gpu/sm_clock.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::gpu {
namespace {

TEST(SmClock, IsTheMedianOfTheMultiprocessorsThatWereReadTwice) {
  const std::vector<Counters> before = {{true, 1000, 50}, {true, 0, 50}, {false, 0, 0}, {true, 7, 50}, {true, 0, 50}};
  const std::vector<Counters> after = {{true, 2500, 1050}, {true, 1510, 1050}, {true, 9, 9}, {}, {true, 90, 1050}};
  EXPECT_DOUBLE_EQ(megahertz_between(before, after).value_or(0), 1500);
}

TEST(SmClock, IsNotKnownWhereNothingWasCountedOrNoTimePassed) {
  EXPECT_EQ(megahertz_between({}, {}), std::nullopt);
  EXPECT_EQ(megahertz_between({{true, 5, 10}}, {{true, 5, 20}}), std::nullopt);
  EXPECT_EQ(megahertz_between({{true, 5, 10}}, {{true, 9, 10}}), std::nullopt);
  EXPECT_EQ(megahertz_between({{true, 5, 10}}, {{false, 0, 0}}), std::nullopt);
}

}  // namespace
}  // namespace envforge::validator::gpu
