#include "numbers/element.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "numbers/problem.hpp"

namespace envforge::validator::numbers {
namespace {

template <class Real, class Bits>
U64 bits_of(Real value) {
  Bits bits;
  static_assert(sizeof bits == sizeof value);
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

TEST(Element, IsTheSameForEverAndDiffersByStreamIndexAndSeed) {
  const U64 base = stream_base(1, 2);
  EXPECT_EQ(bits_at(base, 0), bits_at(stream_base(1, 2), 0));
  const std::set<U64> different = {bits_at(base, 0), bits_at(base, 1), bits_at(stream_base(1, 3), 0),
                                   bits_at(stream_base(2, 2), 0)};
  EXPECT_EQ(different.size(), 4U);
  // Pinned: a group and a driver of different builds must agree.
  EXPECT_EQ(bits_at(stream_base(42, 7), 12345), 0xa293f35a5598fcc6ULL);
}

TEST(Element, EncodesAsTheProcessorDoes) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200000; ++i) {
    Exact value{static_cast<long long>(random() >> 12) - (1LL << 51), -static_cast<int>(random() % 60)};
    const double exact = std::ldexp(static_cast<double>(value.significand), value.exponent);
    ASSERT_EQ(encode(value, Type::kFp64), (bits_of<double, U64>(exact))) << exact;
    ASSERT_EQ(encode(value, Type::kFp32), (bits_of<float, unsigned>(static_cast<float>(exact)))) << exact;
    const auto half = static_cast<_Float16>(exact);
    if (std::fabs(exact) > 1e-4 && std::fabs(exact) < 60000) {
      ASSERT_EQ(encode(value, Type::kFp16), (bits_of<_Float16, unsigned short>(half))) << exact;
    }
  }
}

TEST(Element, RoundsBf16ToNearestEven) {
  EXPECT_EQ(encode({257, 0}, Type::kBf16), 0x4380U);  // a tie: to even, down
  EXPECT_EQ(encode({259, 0}, Type::kBf16), 0x4382U);  // a tie: to even, up
  EXPECT_EQ(encode({-1, 0}, Type::kBf16), 0xbf80U);
  EXPECT_EQ(encode({0, 0}, Type::kBf16), 0U);
  EXPECT_EQ(encode({1, -15}, Type::kFp16), 0x0200U);  // below fp16's normal numbers, exact
}

TEST(Element, ValueAndBitsAreTheSameNumber) {
  const U64 base = stream_base(3, 4);
  for (const Type type : {Type::kFp64, Type::kFp32, Type::kFp16, Type::kBf16, Type::kE4m3, Type::kE5m2, Type::kU32}) {
    for (U64 i = 0; i < 5000; ++i) {
      for (const int amplitude : {0, 3}) {
        ASSERT_EQ(decode(element_bits(base, i, amplitude, type), type), element_value(base, i, amplitude, type));
      }
    }
  }
}

TEST(Element, Fp8IsTheOneOfMachineLearning) {
  EXPECT_EQ(encode({1, 0}, Type::kE4m3), 0x38U);
  EXPECT_EQ(encode({-16, 0}, Type::kE4m3), 0xd8U);
  EXPECT_EQ(encode({17, 0}, Type::kE4m3), 0x58U) << "a tie between 16 and 18: to even";
  EXPECT_EQ(encode({-6, 0}, Type::kE5m2), 0xc6U);
  EXPECT_EQ(decode(0x7e, Type::kE4m3), 448) << "the largest; e4m3 has no infinity";
  EXPECT_EQ(decode(0x7f, Type::kE4m3), 1e308);
  EXPECT_EQ(decode(0x7c, Type::kE5m2), 1e308);
  EXPECT_EQ(decode(0x7b, Type::kE5m2), 57344);
  EXPECT_EQ(decode(0x01, Type::kE4m3), std::ldexp(1.0, -9));
  EXPECT_EQ(encode({3, -10}, Type::kE4m3), 0x02U) << "a tie below the normal range: to even";
  EXPECT_EQ(encode({3, -11}, Type::kE4m3), 0x01U);
  EXPECT_EQ(encode({1, -10}, Type::kE4m3), 0x00U) << "half a step: to even";
  EXPECT_EQ(encode({1, -12}, Type::kE4m3), 0x00U);
}

TEST(Element, IntegersAreTwosComplementAndUnsignedOnesStartAtZero) {
  EXPECT_EQ(encode({-1, 0}, Type::kI8), 0xffU);
  EXPECT_EQ(decode(0x80, Type::kI8), -128);
  EXPECT_EQ(decode(0x80, Type::kU8), 128);
  EXPECT_EQ(decode(~U64{0} - 4, Type::kI64), -5);
  EXPECT_EQ(decode(0xfffffffeU, Type::kI32), -2);
  const U64 base = stream_base(8, 9);
  for (const Type type : {Type::kI8, Type::kU8, Type::kI32, Type::kU32, Type::kI64, Type::kU64}) {
    double lowest = 1e9, highest = -1e9;
    for (U64 i = 0; i < 5000; ++i) {
      const double value = element_value(base, i, 15, type);
      ASSERT_EQ(decode(element_bits(base, i, 15, type), type), value) << to_string(type);
      lowest = std::min(lowest, value);
      highest = std::max(highest, value);
    }
    EXPECT_EQ(lowest, is_unsigned(type) ? 0 : -15);
    EXPECT_EQ(highest, is_unsigned(type) ? 30 : 15);
  }
}

TEST(Element, LoadsWhatItStoredAndTouchesNoNeighbour) {
  for (const Type type : {Type::kFp64, Type::kBf16, Type::kE5m2, Type::kI8, Type::kI32, Type::kU64}) {
    unsigned char memory[32] = {};
    store(memory, 1, type, 0x8182838485868788ULL);
    EXPECT_EQ(load(memory, 1, type), 0x8182838485868788ULL & mask_of(type)) << to_string(type);
    EXPECT_EQ(load(memory, 0, type), 0U);
    EXPECT_EQ(load(memory, 2, type), 0U);
  }
}

TEST(Element, IntegersCoverTheirRangeEvenly) {
  const U64 base = stream_base(5, 6);
  int counts[7] = {};
  for (U64 i = 0; i < 70000; ++i) ++counts[exact_at(base, i, 3).significand + 3];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(Element, BellHasItsSpread) {
  const U64 base = stream_base(5, 6);
  double sum = 0, squares = 0;
  for (U64 i = 0; i < 100000; ++i) {
    const double x = element_value(base, i, 0, Type::kFp64);
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.02);
  EXPECT_NEAR(std::sqrt(squares / 100000), spread_of(0), 0.01);
}

TEST(Element, InfinityAndNanDecodeToWhatNoBoundAccepts) {
  EXPECT_EQ(decode(0x7f800000, Type::kFp32), 1e308);
  EXPECT_EQ(decode(0x7fc0, Type::kBf16), 1e308);
  EXPECT_EQ(decode(0xfc00, Type::kFp16), 1e308);
}

TEST(Element, Tf32KeepsElevenBitsAndLiesInMemoryAsFp32) {
  const U64 base = stream_base(3, 4);
  for (U64 i = 0; i < 5000; ++i) {
    const U64 bits = element_bits(base, i, 0, Type::kTf32);
    ASSERT_EQ(bits & 0x1fff, 0U);
    ASSERT_EQ(decode(bits, Type::kFp32), element_value(base, i, 0, Type::kTf32));
    ASSERT_NEAR(decode(bits, Type::kTf32), element_value(base, i, 0, Type::kFp32),
                std::ldexp(1.0, -11) * std::fabs(element_value(base, i, 0, Type::kFp32)));
  }
}

TEST(Element, AStreamCanBeTakenFromAnyElementOn) {
  const U64 base = stream_base(3, 4);
  EXPECT_EQ(bits_at(base_from(base, 1000), 7), bits_at(base, 1007));
}

}  // namespace
}  // namespace envforge::validator::numbers
