#include "numbers/operation.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "numbers/problem.hpp"

namespace envforge::validator::numbers {
namespace {

constexpr U64 kSeed = 4711;

Stream stream(U64 number, int amplitude = 3) {
  return {stream_base(kSeed, number), amplitude, Type::kFp32};
}

// Five dimensions by hand: arrays in n c d h w, as a textbook has them.
struct Tensor {
  int n, c, d, h, w;
  std::vector<double> values;
  Tensor(int n_, int c_, int d_, int h_, int w_)
      : n(n_), c(c_), d(d_), h(h_), w(w_), values(static_cast<std::size_t>(n_ * c_ * d_ * h_ * w_)) {}
  double& at(int i, int j, int z, int y, int x) {
    return values[static_cast<std::size_t>((((i * c + j) * d + z) * h + y) * w + x)];
  }
  std::size_t memory(int i, int j, int z, int y, int x, bool last) const {
    return static_cast<std::size_t>(last ? (((i * d + z) * h + y) * w + x) * c + j
                                         : (((i * c + j) * d + z) * h + y) * w + x);
  }
  template <class F>
  void each(F f) {
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < c; ++j)
        for (int z = 0; z < d; ++z)
          for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x) f(i, j, z, y, x);
  }
  void fill(const Stream& from, bool last) {
    each([&](int i, int j, int z, int y, int x) { at(i, j, z, y, x) = value_at(from, memory(i, j, z, y, x, last)); });
  }
};

// One convolution by its definition; each product is added to all three results that it belongs to.
struct ByDefinition {
  Tensor x, w, y, dx, dw;
  ByDefinition(const Operation& o, const Stream& xs, const Stream& ws, const Stream& dys)
      : x(o.n, o.c, o.in[0], o.in[1], o.in[2]),
        w(o.k, o.c / o.groups, o.window[0], o.window[1], o.window[2]),
        y(o.n, o.k, o.out(0), o.out(1), o.out(2)),
        dx(x),
        dw(w) {
    const bool last = o.channels_last != 0;
    Tensor dy = y;
    x.fill(xs, last);
    w.fill(ws, last);
    dy.fill(dys, last);
    y.each([&](int n, int k, int pz, int py, int px) {
      w.each([&](int wk, int wc, int rz, int ry, int rx) {
        if (wk != k) return;
        const int c = k / (o.k / o.groups) * (o.c / o.groups) + wc;
        const int z = pz * o.stride[0] + rz - o.pad[0], row = py * o.stride[1] + ry - o.pad[1],
                  column = px * o.stride[2] + rx - o.pad[2];
        if (z < 0 || row < 0 || column < 0 || z >= o.in[0] || row >= o.in[1] || column >= o.in[2]) return;
        y.at(n, k, pz, py, px) += x.at(n, c, z, row, column) * w.at(wk, wc, rz, ry, rx);
        dx.at(n, c, z, row, column) += dy.at(n, k, pz, py, px) * w.at(wk, wc, rz, ry, rx);
        dw.at(wk, wc, rz, ry, rx) += x.at(n, c, z, row, column) * dy.at(n, k, pz, py, px);
      });
    });
  }
};

void expect_same(Operation o, OperationKind kind, Tensor& expected, const Stream& a, const Stream& b) {
  o.kind = kind;
  EXPECT_EQ(elements_of(o), expected.values.size());
  expected.each([&](int n, int c, int z, int y, int x) {
    ASSERT_EQ(operation_element(o, a, b, expected.memory(n, c, z, y, x, o.channels_last != 0)),
              expected.at(n, c, z, y, x))
        << "kind " << static_cast<int>(kind) << " at " << n << " " << c << " " << z << " " << y << " " << x;
  });
}

void expect_convolution_by_definition(const Operation& o) {
  const Stream x = stream(1), w = stream(2), dy = stream(3);
  ByDefinition truth(o, x, w, dy);
  expect_same(o, OperationKind::kForward, truth.y, x, w);
  expect_same(o, OperationKind::kDataGradient, truth.dx, dy, w);
  expect_same(o, OperationKind::kWeightGradient, truth.dw, x, dy);
}

TEST(Operation, ConvolutionsAndGradientsAreThoseOfTheDefinition) {
  const auto kForward = OperationKind::kForward;
  expect_convolution_by_definition({kForward, 2, 4, 6, 1, {1, 7, 5}, {1, 3, 3}, {0, 1, 1}, {1, 1, 1}, 1});
  expect_convolution_by_definition({kForward, 2, 4, 6, 1, {1, 8, 6}, {1, 3, 2}, {0, 1, 0}, {1, 2, 3}, 0});
  expect_convolution_by_definition({kForward, 1, 6, 4, 2, {1, 5, 6}, {1, 3, 3}, {0, 1, 1}, {1, 2, 1}, 1});
  expect_convolution_by_definition({kForward, 1, 4, 4, 4, {1, 5, 6}, {1, 3, 3}, {0, 1, 1}, {1, 1, 1}, 0});
  expect_convolution_by_definition({kForward, 2, 2, 4, 2, {5, 4, 6}, {3, 2, 3}, {1, 0, 1}, {2, 1, 2}, 0});
  expect_convolution_by_definition({kForward, 1, 3, 2, 1, {4, 5, 3}, {3, 3, 1}, {1, 1, 0}, {1, 1, 1}, 1});
}

TEST(Operation, PoolingSeesTheWindowAndCountsThePadding) {
  Operation o{OperationKind::kMaxPool, 1, 2, 2, 1, {1, 5, 6}, {1, 4, 4}, {0, 1, 1}, {1, 2, 2}, 1};
  const Stream x = stream(1, 8);
  Tensor in(1, 2, 1, 5, 6);
  in.fill(x, true);
  for (int c = 0; c < 2; ++c) {
    double most = -100, sum = 0;  // output (0, 1): rows -1 to 2, columns 1 to 4
    for (int row = 0; row < 3; ++row) {
      for (int column = 1; column < 5; ++column) {
        most = std::max(most, in.at(0, c, 0, row, column));
        sum += in.at(0, c, 0, row, column);
      }
    }
    const auto index = static_cast<U64>(1 * 2 + c);
    EXPECT_EQ(operation_element(o, x, x, index), most);
    Operation average = o;
    average.kind = OperationKind::kAveragePool;
    EXPECT_EQ(operation_element(average, x, x, index), sum / 16);
  }
}

TEST(Operation, BatchNormHasMeanZeroAndSpreadOneBeforeItIsScaled) {
  Operation o{OperationKind::kBatchNormTraining, 4, 3, 3, 1, {1, 6, 5}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, 0};
  const Stream x = stream(1, 0), affine = stream(2, 0);
  for (int c = 0; c < 3; ++c) {
    const double scale = value_at(affine, static_cast<U64>(2 * c)),
                 shift = value_at(affine, static_cast<U64>(2 * c + 1));
    double sum = 0, squares = 0, unbiased = 0;
    for (int n = 0; n < 4; ++n) {
      for (int i = 0; i < 30; ++i) {
        const auto index = static_cast<U64>((n * 3 + c) * 30 + i);
        const double plain = (operation_element(o, x, affine, index) - shift) / scale;
        sum += plain;
        squares += plain * plain;
        Operation inference = o;
        inference.kind = OperationKind::kBatchNormInference;
        const double other = (operation_element(inference, x, affine, index) - shift) / scale;
        unbiased += other * other;
      }
    }
    EXPECT_NEAR(sum / 120, 0, 1e-12);
    EXPECT_NEAR(squares / 120, 1, 1e-4);
    EXPECT_NEAR(unbiased / 119, 1, 0.01);
    EXPECT_LT(unbiased, squares) << "the unbiased variance is the larger one";
  }
}

TEST(Operation, ActivationsAreTheirFunctions) {
  Operation o{OperationKind::kRelu, 1, 1, 1, 1, {1, 1, 100}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, 0};
  const Stream x = stream(1, 0);
  for (U64 i = 0; i < 100; ++i) {
    const double value = value_at(x, i);
    o.kind = OperationKind::kRelu;
    EXPECT_EQ(operation_element(o, x, x, i), std::fmax(value, 0));
    o.kind = OperationKind::kSigmoid;
    EXPECT_NEAR(operation_element(o, x, x, i), 0.5 * (1 + std::tanh(value / 2)), 1e-14);
    o.kind = OperationKind::kTanh;
    EXPECT_EQ(operation_element(o, x, x, i), std::tanh(value));
  }
}

TEST(Operation, TravelsToTheDriverAndBack) {
  const Operation o{OperationKind::kWeightGradient, 2, 6, 4, 2, {3, 8, 6}, {3, 3, 2}, {1, 1, 0}, {1, 2, 3}, 1};
  const protocol::Operand a{1, "fp16", 1}, b{2, "fp16", 1};
  const protocol::Problem problem = problem_of(o, a, b, Type::kFp16);
  const Truth truth = truth_of(problem, kSeed, 17);
  EXPECT_EQ(truth.value,
            operation_element(o, {stream_base(kSeed, 1), 1, Type::kFp16}, {stream_base(kSeed, 2), 1, Type::kFp16}, 17));
  EXPECT_EQ(truth.bound, 0);
  for (const char* name : {"groups", "stride 1", "n"}) {
    protocol::Problem broken = problem;
    broken.sizes[name] = 0;
    EXPECT_THROW(operation_of(broken), support::Error) << name;
  }
  protocol::Problem unknown = problem;
  unknown.sizes["kind"] = 10;
  EXPECT_THROW(operation_of(unknown), support::Error);
}

// Batch norm in single precision, with sums in two different orders, stays within the bound; a channel that took
// another's shift does not.
TEST(Operation, BatchNormsBoundHoldsInSinglePrecision) {
  const Operation o{OperationKind::kBatchNormTraining, 8, 2, 2, 1, {1, 28, 28}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, 0};
  const protocol::Operand x{1, "fp32", 0}, affine{2, "fp32", 0};
  const protocol::Problem problem = problem_of(o, x, affine, Type::kFp32);
  const Stream xs{stream_base(kSeed, 1), 0, Type::kFp32}, as{stream_base(kSeed, 2), 0, Type::kFp32};
  float sum = 0, squares = 0;
  const int count = 8 * 28 * 28;
  for (int n = 0; n < 8; ++n) {
    for (int i = 0; i < 784; ++i) {
      const auto value = static_cast<float>(value_at(xs, static_cast<U64>(n * 2 * 784 + i)));
      sum += value;
      squares += value * value;
    }
  }
  const float mean = sum / count;
  const float root = 1 / std::sqrt(squares / count - mean * mean + 1e-5F);
  double worst = 0;
  for (U64 i = 0; i < 784; i += 13) {
    const float y = (static_cast<float>(value_at(xs, i)) - mean) * root * static_cast<float>(value_at(as, 0)) +
                    static_cast<float>(value_at(as, 1));
    const Truth truth = truth_of(problem, kSeed, i);
    worst = std::max(worst, std::fabs(static_cast<double>(y) - truth.value) / truth.bound);
    EXPECT_GT(std::fabs(static_cast<double>(y) + 1e-4 - truth.value), truth.bound);
  }
  EXPECT_LT(worst, 1);
}

}  // namespace
}  // namespace envforge::validator::numbers
