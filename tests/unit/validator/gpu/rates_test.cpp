#include "gpu/rates.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::gpu {
namespace {

using numbers::Type;

double tera(int sms, int capability, Type type, bool geforce, double gigahertz) {
  return 2e-3 * sms * multiply_adds_per_clock(capability, type, geforce).value_or(0) * gigahertz;
}

// The nominal dense peaks that NVIDIA states, from each board's multiprocessors and clock.
TEST(Rates, ReproduceTheNominalPeaks) {
  EXPECT_NEAR(tera(80, 70, Type::kFp16, false, 1.53), 125, 1);   // V100
  EXPECT_NEAR(tera(40, 75, Type::kFp16, false, 1.59), 65, 1);    // T4
  EXPECT_NEAR(tera(108, 80, Type::kBf16, false, 1.41), 312, 1);  // A100
  EXPECT_NEAR(tera(108, 80, Type::kFp64, false, 1.41), 19.5, 1);
  EXPECT_NEAR(tera(72, 86, Type::kFp16, false, 1.695), 125, 1);  // A10
  EXPECT_NEAR(tera(142, 89, Type::kFp16, false, 2.52), 366, 5);  // L40S
  EXPECT_NEAR(tera(128, 89, Type::kFp16, true, 2.52), 165, 1);   // RTX 4090
  EXPECT_NEAR(tera(132, 90, Type::kBf16, false, 1.83), 989, 1);  // H100, H200
  EXPECT_NEAR(tera(132, 90, Type::kFp64, false, 1.98), 67, 1);
  EXPECT_NEAR(tera(132, 90, Type::kFp32, false, 1.98), 67, 1);
  EXPECT_NEAR(tera(170, 120, Type::kFp16, true, 2.407), 209.5, 1);  // RTX 5090
  EXPECT_NEAR(tera(108, 80, Type::kTf32, false, 1.41), 156, 1);
  EXPECT_NEAR(tera(132, 90, Type::kTf32, false, 1.83), 495, 1);
  EXPECT_NEAR(tera(132, 90, Type::kE4m3, false, 1.83), 1979, 1);
  EXPECT_NEAR(tera(142, 89, Type::kE4m3, false, 2.52), 733, 1);
  EXPECT_NEAR(tera(128, 89, Type::kE4m3, true, 2.52), 330, 1);
  EXPECT_NEAR(tera(108, 80, Type::kI8, false, 1.41), 624, 1);
  EXPECT_NEAR(tera(40, 75, Type::kI8, false, 1.59), 130, 1);
  EXPECT_NEAR(tera(128, 89, Type::kI8, true, 2.52), 660, 1);
}

TEST(Rates, AGpuWithoutARowHasNoExpectation) {
  EXPECT_EQ(multiply_adds_per_clock(87, Type::kFp16, false), std::nullopt);
  EXPECT_EQ(multiply_adds_per_clock(75, Type::kBf16, false), std::nullopt);
  EXPECT_EQ(multiply_adds_per_clock(75, Type::kFp16, true), std::nullopt);
  EXPECT_EQ(multiply_adds_per_clock(80, Type::kE4m3, false), std::nullopt);
  EXPECT_EQ(multiply_adds_per_clock(70, Type::kI8, false), std::nullopt);
  EXPECT_EQ(multiply_adds_per_clock(75, Type::kTf32, false), std::nullopt);
}

}  // namespace
}  // namespace envforge::validator::gpu
