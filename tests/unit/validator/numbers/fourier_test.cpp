#include "numbers/fourier.hpp"

#include <cmath>
#include <complex>
#include <vector>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "numbers/problem.hpp"

namespace envforge::validator::numbers {
namespace {

using Complex = std::complex<double>;
constexpr std::uint64_t kSeed = 99;

// By definition, in another way than the code under test.
Complex by_definition(const Fourier& shape, U64 base, int amplitude, std::uint64_t batch, std::uint64_t row,
                      std::uint64_t column) {
  const Complex turn(0, -2 * 3.14159265358979323846);
  Complex sum = 0;
  for (std::uint64_t r = 0; r < shape.rows; ++r) {
    for (std::uint64_t c = 0; c < shape.columns; ++c) {
      const std::uint64_t i = batch * shape.points() + r * shape.columns + c;
      const auto real = [&](std::uint64_t at) { return element_value(base, at, amplitude, Type::kFp64); };
      const Complex x = shape.real ? Complex(real(i)) : Complex(real(2 * i), real(2 * i + 1));
      sum += x * std::exp(turn * (static_cast<double>(row * r) / static_cast<double>(shape.rows) +
                                  static_cast<double>(column * c) / static_cast<double>(shape.columns)));
    }
  }
  return sum;
}

TEST(Fourier, ElementsAreTheDefinitionsInTheOrderOfMemory) {
  const U64 base = stream_base(kSeed, 1);
  for (const Fourier& shape : {Fourier{1, 12, 2, false}, Fourier{1, 12, 2, true}, Fourier{1, 7, 2, true},
                               Fourier{3, 8, 2, false}, Fourier{3, 8, 2, true}}) {
    for (std::uint64_t index = 0; index < shape.outputs(); ++index) {
      const std::uint64_t at = index / 2, column = at % shape.out_columns(),
                          row = at / shape.out_columns() % shape.rows;
      const Complex expected = by_definition(shape, base, 0, at / shape.out_columns() / shape.rows, row, column);
      ASSERT_NEAR(fourier_element(shape, base, 0, Type::kFp64, index),
                  index % 2 == 0 ? expected.real() : expected.imag(), 1e-12)
          << index;
    }
  }
}

TEST(Fourier, FourPointsOfIntegersAreExact) {
  const Fourier shape{4, 4, 1, false};
  const U64 base = stream_base(kSeed, 2);
  EXPECT_EQ(fourier_bound(shape, 1000, Type::kFp32), 0);
  for (std::uint64_t i = 0; i < shape.outputs(); ++i) {
    const double value = fourier_element(shape, base, 1000, Type::kFp32, i);
    EXPECT_EQ(value, std::round(value));
  }
  EXPECT_GT(fourier_bound(shape, 0, Type::kFp32), 0) << "real numbers round";
  EXPECT_GT(fourier_bound({1, 8, 1, false}, 1000, Type::kFp32), 0) << "the eighth root of 1 is no integer";
}

// Single precision, radix 2: the bound holds, and is small against what a missing value changes.
void transform(std::vector<std::complex<float>>& line) {
  const std::size_t n = line.size();
  if (n == 1) return;
  std::vector<std::complex<float>> even(n / 2), odd(n / 2);
  for (std::size_t i = 0; i < n / 2; ++i) even[i] = line[2 * i], odd[i] = line[2 * i + 1];
  transform(even);
  transform(odd);
  for (std::size_t k = 0; k < n / 2; ++k) {
    const auto turned = std::complex<float>(std::polar(
                            1.0, -2 * 3.14159265358979323846 * static_cast<double>(k) / static_cast<double>(n))) *
                        odd[k];
    line[k] = even[k] + turned;
    line[k + n / 2] = even[k] - turned;
  }
}

TEST(Fourier, BoundHoldsForAnHonestTransformAndSeesOneMissingValue) {
  const Fourier shape{1, 4096, 1, false};
  const U64 base = stream_base(kSeed, 3);
  std::vector<std::complex<float>> line(4096);
  for (std::size_t i = 0; i < line.size(); ++i) {
    line[i] = {static_cast<float>(element_value(base, 2 * i, 0, Type::kFp32)),
               static_cast<float>(element_value(base, 2 * i + 1, 0, Type::kFp32))};
  }
  transform(line);
  const double bound = fourier_bound(shape, 0, Type::kFp32);
  double worst = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const double got = static_cast<double>(i % 2 == 0 ? line[i / 2].real() : line[i / 2].imag());
    worst = std::max(worst, std::fabs(got - fourier_element(shape, base, 0, Type::kFp32, i)));
  }
  EXPECT_LT(worst, bound);
  EXPECT_GT(worst, bound / 1000) << "or the bound says little";
  EXPECT_LT(bound, 0.001) << "a value of the data is about 1";
}

TEST(Fourier, TheDriverRecomputesBothKinds) {
  const Fourier shape{1, 16, 3, true};
  const protocol::Operand input{5, "fp64", 8};
  const protocol::Problem there = problem_of(shape, input, false), back = problem_of(shape, input, true);
  EXPECT_EQ(there.elements, 3U * 9 * 2);
  EXPECT_EQ(back.elements, 48U);
  EXPECT_EQ(truth_of(there, kSeed, 20).value, fourier_element(shape, stream_base(kSeed, 5), 8, Type::kFp64, 20));
  EXPECT_EQ(truth_of(back, kSeed, 17).value, 16 * element_value(stream_base(kSeed, 5), 17, 8, Type::kFp64));
  EXPECT_GT(truth_of(back, kSeed, 17).bound, 0) << "the way there and back rounds";
  protocol::Problem broken = there;
  broken.sizes["rows"] = 0;
  EXPECT_THROW(truth_of(broken, kSeed, 0), support::Error);
}

TEST(Element, BitsOfAValueAreThoseOfTheProcessor) {
  for (const double value : {0.0, 1.0, -3.25, 1e-3, 12345.678, -1e20}) {
    EXPECT_EQ(decode(bits_of_value(value, Type::kFp64), Type::kFp64), value);
    EXPECT_EQ(decode(bits_of_value(value, Type::kFp32), Type::kFp32), static_cast<double>(static_cast<float>(value)));
  }
}

}  // namespace
}  // namespace envforge::validator::numbers
