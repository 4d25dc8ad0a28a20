#include "numbers/loss_scaling.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::numbers {
namespace {

TEST(LossScaling, HalvesUntilTheLargestFitsAndDoublesAfterSoManyGoodSteps) {
  LossScaling scaling;
  for (int i = 0; i < 3; ++i) scaling.step(10);  // 655360, 327680, 163840 overflow
  EXPECT_EQ(scaling.skipped, 3);
  EXPECT_EQ(scaling.scale, 8192);
  scaling.step(10);  // 81920 does too
  scaling.step(10);  // 40960
  scaling.step(10);
  EXPECT_EQ(scaling.scale, 4096);
  EXPECT_EQ(scaling.good, 2);
  scaling.step(10);
  EXPECT_EQ(scaling.scale, 8192);
  EXPECT_EQ(scaling.good, 0);
  EXPECT_EQ(scaling.taken, 3);
}

TEST(LossScaling, OverflowsWhereFp16RoundsToInfinity) {
  LossScaling below, at;
  below.scale = at.scale = 1;
  below.step(65519);
  at.step(65520);
  EXPECT_EQ(below.skipped, 0);
  EXPECT_EQ(at.skipped, 1);
}

TEST(LossScaling, TheGradientOfAWeighedProductIsThatOfItsDefinition) {
  // Two rows, one output, two inputs.
  EXPECT_EQ(gradient_of_weighed_product({2, -1}, {1, 3, 4, 5}, 2), (std::vector<double>{2 - 4, 6 - 5}));
  EXPECT_EQ(largest_of({1, -7, 2}), 7);
}

}  // namespace
}  // namespace envforge::validator::numbers
