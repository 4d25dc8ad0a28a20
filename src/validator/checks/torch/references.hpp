// Layers in double precision on the host, without torch: what its convolutions and recurrent networks must give.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

namespace envforge::validator::checks::torch {

/// A convolution in up to three dimensions; those that it lacks have size 1. Depth, height, width.
struct ConvolutionShape {
  int dimensions;
  std::int64_t batch, in, out, groups;
  std::array<std::int64_t, 3> size, kernel, stride, pad;
  std::int64_t dilation;

  std::int64_t result(std::size_t d) const {
    const std::int64_t step = kernel[d] == 1 ? 1 : dilation;
    return (size[d] + 2 * pad[d] - step * (kernel[d] - 1) - 1) / stride[d] + 1;
  }
  std::vector<std::int64_t> input_sizes() const { return sizes(batch, in, size); }
  std::vector<std::int64_t> weight_sizes() const { return sizes(out, in / groups, kernel); }

 private:
  std::vector<std::int64_t> sizes(std::int64_t first, std::int64_t second,
                                  const std::array<std::int64_t, 3>& rest) const {
    std::vector<std::int64_t> out_sizes = {first, second};
    out_sizes.insert(out_sizes.end(), rest.end() - dimensions, rest.end());
    return out_sizes;
  }
};

inline std::vector<double> convolution(const ConvolutionShape& s, const std::vector<double>& x,
                                       const std::vector<double>& w) {
  const std::int64_t deep = s.result(0), high = s.result(1), wide = s.result(2);
  const std::int64_t in_group = s.in / s.groups, out_group = s.out / s.groups;
  const auto one = [&](std::int64_t n, std::int64_t k, const std::array<std::int64_t, 3>& place) {
    double sum = 0;
    for (std::int64_t c = 0; c < in_group; ++c) {
      for (std::int64_t tap = 0; tap < s.kernel[0] * s.kernel[1] * s.kernel[2]; ++tap) {
        const std::array<std::int64_t, 3> at = {tap / (s.kernel[1] * s.kernel[2]), tap / s.kernel[2] % s.kernel[1],
                                                tap % s.kernel[2]};
        std::int64_t from = n * s.in + k / out_group * in_group + c;
        bool inside = true;
        for (std::size_t d = 0; d < 3; ++d) {
          const std::int64_t i = place[d] * s.stride[d] + at[d] * s.dilation - s.pad[d];
          inside = inside && i >= 0 && i < s.size[d];
          from = from * s.size[d] + i;
        }
        if (!inside) continue;
        const std::int64_t weight = (k * in_group + c) * s.kernel[0] * s.kernel[1] * s.kernel[2] + tap;
        sum += x[static_cast<std::size_t>(from)] * w[static_cast<std::size_t>(weight)];
      }
    }
    return sum;
  };
  std::vector<double> out;
  for (std::int64_t i = 0; i < s.batch * s.out * deep * high * wide; ++i) {
    const std::int64_t plane = i / (deep * high * wide);
    out.push_back(one(plane / s.out, plane % s.out, {i / (high * wide) % deep, i / wide % high, i % wide}));
  }
  return out;
}

/// Of 2 x 6 x 9 x 11 with 6 x 8 x 3 x 3 and stride 2: 2 x 8 x 19 x 23.
inline std::vector<double> transposed_convolution(const std::vector<double>& x, const std::vector<double>& w) {
  constexpr std::int64_t kHigh = 19, kWide = 23;
  std::vector<double> out(2 * 8 * kHigh * kWide);
  for (std::int64_t i = 0; i < 2 * 6 * 9 * 11; ++i) {
    const std::int64_t n = i / (6 * 9 * 11), c = i / (9 * 11) % 6, row = i / 11 % 9, column = i % 11;
    for (std::int64_t j = 0; j < 8 * 9; ++j) {
      const std::int64_t k = j / 9, y = 2 * row + j % 9 / 3, z = 2 * column + j % 3;
      out[static_cast<std::size_t>(((n * 8 + k) * kHigh + y) * kWide + z)] +=
          x[static_cast<std::size_t>(i)] * w[static_cast<std::size_t>((c * 8 + k) * 9 + j % 9)];
    }
  }
  return out;
}

struct LstmShape {
  std::int64_t steps = 6, batch = 5, input = 16, hidden = 16;
};

/// The hidden state of every step, from a state of zeros; gates in torch's order: input, forget, cell, output.
inline std::vector<double> lstm(const LstmShape& s, const std::vector<double>& x, const std::vector<double>& wi,
                                const std::vector<double>& wh, const std::vector<double>& bi,
                                const std::vector<double>& bh) {
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  const auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
  std::vector<double> hidden(at(s.batch * s.hidden)), cell(hidden), out;
  for (std::int64_t t = 0; t < s.steps; ++t) {
    const std::vector<double> before = hidden;
    for (std::int64_t i = 0; i < s.batch * s.hidden; ++i) {
      const std::int64_t n = i / s.hidden, h = i % s.hidden;
      double gates[4];
      for (std::int64_t g = 0; g < 4; ++g) {
        const std::int64_t row = g * s.hidden + h;
        double sum = bi[at(row)] + bh[at(row)];
        for (std::int64_t k = 0; k < s.input; ++k)
          sum += x[at((t * s.batch + n) * s.input + k)] * wi[at(row * s.input + k)];
        for (std::int64_t k = 0; k < s.hidden; ++k) sum += before[at(n * s.hidden + k)] * wh[at(row * s.hidden + k)];
        gates[g] = sum;
      }
      cell[at(i)] = sigmoid(gates[1]) * cell[at(i)] + sigmoid(gates[0]) * std::tanh(gates[2]);
      hidden[at(i)] = sigmoid(gates[3]) * std::tanh(cell[at(i)]);
    }
    out.insert(out.end(), hidden.begin(), hidden.end());
  }
  return out;
}

}  // namespace envforge::validator::checks::torch
