// What loss scaling for fp16 does to a training whose gradient is the same in every step: which steps overflow and are
// skipped, and where the scale ends. Exact, for scales are powers of two. PyTorch's documentation of GradScaler.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace envforge::validator::numbers {

/// What rounds to infinity in fp16: the middle between its largest number, 65504, and the next that it would have.
inline constexpr double kHalfOverflow = 65520;

struct LossScaling {
  double scale = 65536;
  int growth_interval = 3;
  int good = 0;  // steps since the scale changed
  int taken = 0;
  int skipped = 0;

  /// A step whose backward pass meets values up to `largest` before they are scaled.
  void step(double largest) {
    if (largest * scale >= kHalfOverflow) {
      scale /= 2;
      good = 0;
      ++skipped;
      return;
    }
    ++taken;
    if (++good < growth_interval) return;
    scale *= 2;
    good = 0;
  }
};

/// T^T X: the gradient of sum(T * (X W^T)) to W. T is rows x out, X rows x wide.
inline std::vector<double> gradient_of_weighed_product(const std::vector<double>& t, const std::vector<double>& x,
                                                       std::size_t rows) {
  const std::size_t out = t.size() / rows, wide = x.size() / rows;
  std::vector<double> gradient(out * wide);
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t w = 0; w < wide; ++w) {
      for (std::size_t r = 0; r < rows; ++r) gradient[o * wide + w] += t[r * out + o] * x[r * wide + w];
    }
  }
  return gradient;
}

inline double largest_of(const std::vector<double>& values) {
  double out = 0;
  for (const double value : values) out = std::max(out, std::fabs(value));
  return out;
}

}  // namespace envforge::validator::numbers
