#include "harness/timing.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::harness {
namespace {

TEST(Measure, WarmsByTimeThenTakesTheMedian) {
  const double seconds[] = {9, 1, 3, 2};
  int calls = 0;
  const Timing timing = measure([&] { return seconds[calls++]; }, 5, 3);
  EXPECT_EQ(calls, 4) << "9 s of warming is enough";
  EXPECT_EQ(timing.median, 2);
  EXPECT_EQ(timing.fastest, 1);
  EXPECT_EQ(timing.slowest, 3);
}

TEST(Measure, EndsWithAClockThatStandsStill) {
  EXPECT_EQ(measure([] { return 0.0; }, 1e-4, 1).median, 0);
}

}  // namespace
}  // namespace envforge::validator::harness
