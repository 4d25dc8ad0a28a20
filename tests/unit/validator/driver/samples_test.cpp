#include "driver/samples.hpp"

#include <gtest/gtest.h>

#include "numbers/problem.hpp"

namespace envforge::validator::driver {
namespace {

TEST(PickIndices, TakesAllOfASmallOutputAndEveryRegionOfALargeOne) {
  EXPECT_EQ(pick_indices(3, 1), (std::vector<std::uint64_t>{0, 1, 2}));
  const auto picked = pick_indices(1000003, 1);
  ASSERT_EQ(picked.size(), kSampleSize);
  for (std::size_t i = 0; i < picked.size(); ++i) {
    EXPECT_GE(picked[i], i * (1000003 / kSampleSize));
    EXPECT_LT(picked[i], 1000003U);
  }
  EXPECT_NE(pick_indices(1000003, 2), picked) << "another run asks for others";
}

TEST(JudgeSamples, NamesTheElementThatIsWrong) {
  const protocol::Problem problem{"copy", {}, {1, "fp32", 100}, {}, "fp32", 4};
  std::vector<std::uint64_t> bits;
  for (numbers::U64 i = 0; i < 4; ++i) {
    bits.push_back(numbers::element_bits(numbers::stream_base(7, 1), i, 100, numbers::Type::kFp32));
  }
  EXPECT_EQ(judge_samples(problem, 7, {0, 1, 2, 3}, bits), "");
  bits[2] = 0x7fc00000;  // NaN
  EXPECT_EQ(judge_samples(problem, 7, {0, 1, 2, 3}, bits).rfind("element 2 is 1e+308, the driver computes ", 0), 0U);
  EXPECT_EQ(judge_samples(problem, 7, {0, 1}, bits), "asked for 2 elements, got 4");
  EXPECT_EQ(judge_samples(problem, 7, {}, {}), "the output has no elements");
}

}  // namespace
}  // namespace envforge::validator::driver
