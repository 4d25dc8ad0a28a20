#include "numbers/problem.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::validator::numbers {
namespace {

using protocol::Problem;

constexpr std::uint64_t kSeed = 99;

double at(const protocol::Operand& operand, std::uint64_t index) {
  return element_value(stream_base(kSeed, operand.stream), index, operand.amplitude, type_from(operand.type));
}

TEST(Truth, OfAGemmIsTheRowTimesTheColumn) {
  const Problem gemm{"gemm", {{"m", 5}, {"n", 7}, {"k", 11}}, {1, "bf16", 3}, {2, "bf16", 3}, "fp32", 35};
  double expected = 0;
  for (std::uint64_t t = 0; t < 11; ++t) expected += at(gemm.a, 2 * 11 + t) * at(gemm.b, t * 7 + 4);
  const Truth truth = truth_of(gemm, kSeed, 2 * 7 + 4);
  EXPECT_EQ(truth.value, expected);
  EXPECT_EQ(truth.bound, 0) << "integers are compared bit for bit";
}

TEST(Truth, OfATransposedBatchTakesTheOperandsAsTheyLie) {
  const Problem gemm{"gemm",         {{"m", 5}, {"n", 7}, {"k", 11}, {"transposed_a", 1}, {"transposed_b", 1}},
                     {1, "fp16", 3}, {2, "fp16", 3},
                     "fp32",         70};
  double expected = 0;
  for (std::uint64_t t = 0; t < 11; ++t) expected += at(gemm.a, 55 + t * 5 + 2) * at(gemm.b, 77 + 4 * 11 + t);
  EXPECT_EQ(truth_of(gemm, kSeed, 35 + 2 * 7 + 4).value, expected) << "of the second matrix";
}

TEST(Truth, OfIntegersIsExactWhateverTheirType) {
  const Problem gemm{"gemm", {{"m", 2}, {"n", 2}, {"k", 4096}}, {1, "i8", 127}, {2, "i8", 127}, "i32", 4};
  EXPECT_EQ(truth_of(gemm, kSeed, 3).bound, 0);
}

// What the accumulators of tensor cores may lose in fp8: the bound holds for one that cuts every 32nd step to 13 bits.
TEST(Truth, BoundOfFp8HoldsForAShortAccumulator) {
  const Problem gemm{"gemm", {{"m", 1}, {"n", 64}, {"k", 4096}}, {1, "fp8 e4m3", 0}, {2, "fp8 e4m3", 0}, "bf16", 64};
  double worst = 0, typical = 0;
  for (std::uint64_t j = 0; j < 64; ++j) {
    double sum = 0;
    for (std::uint64_t t = 0; t < 4096; t += 32) {
      double step = sum;
      for (std::uint64_t i = t; i < t + 32; ++i) step += at(gemm.a, i) * at(gemm.b, i * 64 + j);
      int exponent = 0;
      const double fraction = std::frexp(step, &exponent);
      sum = std::ldexp(std::trunc(std::ldexp(fraction, 14)), exponent - 14);
    }
    const Truth truth = truth_of(gemm, kSeed, j);
    worst = std::max(worst, std::fabs(sum - truth.value) / truth.bound);
    typical += std::fabs(truth.value) / 64;
    EXPECT_LT(truth.bound, 5.5);
  }
  EXPECT_LT(worst, 1) << "of the bound";
  EXPECT_GT(typical, 40) << "so a bound of 5 sees what matters";
}

TEST(AccumulationBound, OfTf32CoversWhatAnH200WasSeenToLose) {
  const protocol::Operand normal{1, "tf32", 0}, narrow{1, "bf16", 0};
  const double terms = 8192, unit = std::ldexp(1.0, -24);
  const double seen = 25 * terms * unit * spread_of(0) * spread_of(0);
  EXPECT_GT(accumulation_bound(normal, normal, terms, "fp32"), 1.5 * seen);
  EXPECT_LT(accumulation_bound(normal, normal, terms, "fp32"), 3 * seen) << "so a lost product is seen";
  EXPECT_LT(accumulation_bound(narrow, narrow, terms, "bf16"), seen) << "which cuts off half as often";
}

TEST(Truth, OfAConvolutionMatchesAPaddedWindow) {
  const Problem conv{
      "conv2d",       {{"n", 2}, {"h", 4}, {"w", 5}, {"c", 3}, {"k", 2}, {"r", 3}, {"s", 3}, {"pad", 1}, {"stride", 1}},
      {1, "fp16", 3}, {2, "fp16", 3},
      "fp32",         80};
  // Output (n=1, p=0, q=4, k=1): the window hangs over the upper and the right border.
  double expected = 0;
  for (int r = 1; r < 3; ++r) {
    for (int s = 0; s < 2; ++s) {
      for (int c = 0; c < 3; ++c) {
        const int y = r - 1, x = 4 + s - 1;
        expected += at(conv.a, static_cast<std::uint64_t>(((4 + y) * 5 + x) * 3 + c)) *
                    at(conv.b, static_cast<std::uint64_t>(((3 + r) * 3 + s) * 3 + c));
      }
    }
  }
  EXPECT_EQ(truth_of(conv, kSeed, ((1 * 4 + 0) * 5 + 4) * 2 + 1).value, expected);
}

TEST(Truth, OfACollectiveTakesBlocksFromTheRanksStreamsAndAddsThem) {
  // A reduce-scatter of 3 ranks, on the rank whose part begins at element 200.
  const Problem reduce{"collective", {{"terms", 3}, {"block", 100}, {"offset", 200}}, {10, "fp32", 1000}, {}, "fp32",
                       100};
  double expected = 0;
  for (std::uint64_t rank = 0; rank < 3; ++rank) expected += at({10 + rank, "fp32", 1000}, 242);
  EXPECT_EQ(truth_of(reduce, kSeed, 42).value, expected);
  EXPECT_EQ(truth_of(reduce, kSeed, 42).bound, 0);
  // An all-gather: the third block of 100 comes from the third rank.
  const Problem gather{"collective", {{"terms", 1}, {"block", 100}, {"offset", 0}}, {10, "i8", 100}, {}, "i8", 300};
  EXPECT_EQ(truth_of(gather, kSeed, 242).value, at({12, "i8", 100}, 42));
  const Problem nothing{"collective", {{"terms", 1}, {"block", 0}, {"offset", 0}}, {10, "i8", 100}, {}, "i8", 300};
  EXPECT_THROW(truth_of(nothing, kSeed, 0), support::Error);
}

// The bound must hold for an honest library and refuse a small fault: single precision, added in order.
TEST(Truth, BoundHoldsForAnHonestSumAndRefusesAFault) {
  const Problem gemm{"gemm", {{"m", 1}, {"n", 64}, {"k", 4096}}, {1, "bf16", 0}, {2, "bf16", 0}, "bf16", 64};
  for (std::uint64_t j = 0; j < 64; ++j) {
    float sum = 0;
    for (std::uint64_t t = 0; t < 4096; ++t) {
      sum += static_cast<float>(at(gemm.a, t)) * static_cast<float>(at(gemm.b, t * 64 + j));
    }
    Exact exact{std::llround(std::ldexp(static_cast<double>(sum), 30)), -30};
    const double honest = decode(encode(exact, Type::kBf16), Type::kBf16);
    const Truth truth = truth_of(gemm, kSeed, j);
    EXPECT_LE(std::fabs(honest - truth.value), truth.bound);
    // Half a unit of bf16 with 3 % for the cut-off of tensor cores, and 24 k 2^-24 for the sum.
    EXPECT_LT(truth.bound, 0.00405 * std::fabs(truth.value) + 0.015) << "a typical element is 85";
  }
}

TEST(Truth, AnUnknownProblemIsAProtocolError) {
  EXPECT_THROW(truth_of({"fft", {}, {1, "fp32", 1}, {}, "fp32", 1}, kSeed, 0), support::Error);
  EXPECT_THROW(truth_of({"gemm", {{"n", 0}, {"k", 1}}, {1, "fp32", 1}, {}, "fp32", 1}, kSeed, 0), support::Error);
  EXPECT_THROW(type_from("fp7"), support::Error);
}

}  // namespace
}  // namespace envforge::validator::numbers
