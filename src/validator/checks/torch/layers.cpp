// Proves: torch's normalisation, pooling, convolution, resampling, recurrent and loss layers are right.
// Control: one element of each output changed by four times the operator's bound.
// Suite: standard
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/conv1d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv3d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/embedding_bag.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/smooth_l1_loss.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "operators.hpp"
#include "references.hpp"

namespace envforge::validator::checks::torch {
namespace {

using Operand = Operands::Operand;

std::size_t index_of(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// (x - mean) / sqrt(variance + eps) over `groups` runs of equal length.
Values normalised(const Values& x, std::int64_t length) {
  Values out;
  for (std::size_t start = 0; start < x.size(); start += index_of(length)) {
    double mean = 0, variance = 0;
    for (std::size_t i = 0; i < index_of(length); ++i) mean += x[start + i] / static_cast<double>(length);
    for (std::size_t i = 0; i < index_of(length); ++i) {
      variance += (x[start + i] - mean) * (x[start + i] - mean) / static_cast<double>(length);
    }
    for (std::size_t i = 0; i < index_of(length); ++i)
      out.push_back((x[start + i] - mean) / std::sqrt(variance + 1e-5));
  }
  return out;
}
// The mean and the scale of n terms are off by at most n units of any order's sum (4 with the scale's square root and
// products) for values below 4.
double bound_of_norm(std::int64_t length) {
  return 4 * 4 * static_cast<double>(length) * kRounding;
}

class CudnnSwitch {
 public:
  explicit CudnnSwitch(bool on) { at::globalContext().setUserEnabledCuDNN(on); }
  CudnnSwitch(const CudnnSwitch&) = delete;
  CudnnSwitch& operator=(const CudnnSwitch&) = delete;
  ~CudnnSwitch() { at::globalContext().setUserEnabledCuDNN(true); }
};

class Layers : public FamilyCheck {
  std::string title() const override { return "of layers, each within its bound,"; }
  void add(Operands& operands, std::vector<Operator>& rows) const override {
    add_norms(operands, rows);
    add_pools(operands, rows);
    add_convolutions(operands, rows);
    add_linear(operands, rows);
    add_losses(operands, rows);
    add_recurrent(operands, rows);
  }

  static void add_norms(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({16, 12, 40});
    rows.push_back({"layer_norm", [=] { return at::layer_norm(x.tensor, {40}); },
                    [=] { return within(normalised(x.values, 40), 4, bound_of_norm(40)); }});
    rows.push_back({"group_norm", [=] { return at::group_norm(x.tensor, 3); },
                    [=] { return within(normalised(x.values, 160), 4, bound_of_norm(160)); }});
    const auto channels = operands.normal({12});
    const auto positive = operands.mapped(channels, [](double v) { return std::fabs(v) + 0.5; });
    // cuDNN's batch norm where there is a GPU.
    rows.push_back({"batch_norm in training",
                    [=] {
                      return at::batch_norm(x.tensor.transpose(0, 1).contiguous().unsqueeze(0), {}, {}, {}, {}, true,
                                            0.1, 1e-5, true);
                    },
                    [=] {
                      Values moved;
                      for (std::int64_t c = 0; c < 12; ++c) {
                        for (std::int64_t n = 0; n < 16; ++n) {
                          const auto begin = x.values.begin() + (n * 12 + c) * 40;
                          moved.insert(moved.end(), begin, begin + 40);
                        }
                      }
                      return within(normalised(moved, 640), 4, bound_of_norm(640));
                    }});
    rows.push_back({"batch_norm in evaluation",
                    [=] {
                      return at::batch_norm(x.tensor, channels.tensor, positive.tensor, channels.tensor,
                                            positive.tensor, false, 0.1, 1e-5, true);
                    },
                    [=] {
                      Values out;
                      for (std::size_t i = 0; i < x.values.size(); ++i) {
                        const double c = channels.values[i / 40 % 12], p = positive.values[i / 40 % 12];
                        out.push_back((x.values[i] - c) / std::sqrt(p + 1e-5) * c + p);
                      }
                      return within(out, 4, 128 * kRounding);  // 8 roundings of values below 16
                    }});
  }

  static void add_pools(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.integers({3, 5, 20, 22}, 1000);
    const auto pooled = [=](double start, auto fold) {
      Values out;
      for (std::int64_t n = 0; n < 15; ++n) {
        for (std::int64_t i = 0; i < 10 * 11; ++i) {
          double value = start;
          for (std::int64_t k = 0; k < 4; ++k) {
            value = fold(value, x.values[index_of((n * 20 + i / 11 * 2 + k / 2) * 22 + i % 11 * 2 + k % 2)]);
          }
          out.push_back(value);
        }
      }
      return out;
    };
    rows.push_back({"max_pool2d",
                    [=] {
                      return at::max_pool2d(x.tensor, {2, 2}, {2, 2});
                    },
                    [=] { return exactly(pooled(-1e9, [](double a, double b) { return std::fmax(a, b); })); }});
    rows.push_back({"avg_pool2d",
                    [=] {
                      return at::avg_pool2d(x.tensor, {2, 2}, {2, 2});
                    },
                    [=] { return exactly(pooled(0, [](double a, double b) { return a + b / 4; })); }});
    rows.push_back({"upsample_nearest2d",
                    [=] {
                      return at::upsample_nearest2d(x.tensor, at::IntArrayRef{40, 44});
                    },
                    [=] {
                      Values out;
                      for (std::int64_t i = 0; i < 15 * 40 * 44; ++i) {
                        const auto n = i / (40 * 44), y = i / 44 % 40, c = i % 44;
                        out.push_back(x.values[index_of((n * 20 + y / 2) * 22 + c / 2)]);
                      }
                      return exactly(out);
                    }});
    // With corners aligned and the size 2 n - 1 every second value is the mean of its neighbours.
    rows.push_back({"upsample_bilinear2d",
                    [=] {
                      return at::upsample_bilinear2d(x.tensor, at::IntArrayRef{39, 43}, true);
                    },
                    [=] {
                      Values out;
                      for (std::int64_t i = 0; i < 15 * 39 * 43; ++i) {
                        const auto n = i / (39 * 43), y = i / 43 % 39, c = i % 43;
                        const auto at = [&](std::int64_t row, std::int64_t column) {
                          return x.values[index_of((n * 20 + row) * 22 + column)];
                        };
                        out.push_back((at(y / 2, c / 2) + at(y / 2, (c + 1) / 2) + at((y + 1) / 2, c / 2) +
                                       at((y + 1) / 2, (c + 1) / 2)) /
                                      4);
                      }
                      // The place is computed in fp32: 39 steps of rounding of it, times the values' differences.
                      return within(out, 4, 39 * 2 * kRounding * 2000 * 4);
                    }});
  }

  /// Integers, with strides or dilation that leave a library no transform which rounds integers.
  static void add_convolutions(Operands& operands, std::vector<Operator>& rows) {
    const auto row = [&](const char* name, const ConvolutionShape& shape) {
      const auto x = operands.integers(shape.input_sizes(), 8);
      const auto w = operands.integers(shape.weight_sizes(), 8);
      rows.push_back({name, [=] { return run(shape, x.tensor, w.tensor); },
                      [=] { return exactly(convolution(shape, x.values, w.values)); }});
    };
    row("conv1d", {1, 3, 8, 16, 1, {1, 1, 50}, {1, 1, 5}, {1, 1, 2}, {0, 0, 2}, 1});
    row("conv2d grouped", {2, 2, 16, 24, 4, {1, 15, 17}, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}, 1});
    row("conv2d depthwise", {2, 2, 16, 16, 16, {1, 15, 17}, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}, 1});
    row("conv2d dilated", {2, 2, 8, 12, 1, {1, 15, 17}, {1, 3, 3}, {1, 2, 2}, {0, 2, 2}, 2});
    row("conv3d", {3, 2, 6, 10, 1, {7, 9, 11}, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}, 1});
    const auto x = operands.integers({2, 6, 9, 11}, 8);
    const auto w = operands.integers({6, 8, 3, 3}, 8);
    rows.push_back({"conv_transpose2d",
                    [=] {
                      return at::conv_transpose2d(x.tensor, w.tensor, {}, /*stride=*/{2, 2});
                    },
                    [=] { return exactly(transposed_convolution(x.values, w.values)); }});
  }

  static at::Tensor run(const ConvolutionShape& shape, const at::Tensor& x, const at::Tensor& w) {
    const auto last = [&](const std::array<std::int64_t, 3>& all) {
      return std::vector<std::int64_t>(all.end() - shape.dimensions, all.end());
    };
    const auto stride = last(shape.stride), pad = last(shape.pad);
    const std::vector<std::int64_t> dilation(index_of(shape.dimensions), shape.dilation);
    if (shape.dimensions == 1) return at::conv1d(x, w, {}, stride, pad, dilation, shape.groups);
    if (shape.dimensions == 3) return at::conv3d(x, w, {}, stride, pad, dilation, shape.groups);
    return at::conv2d(x, w, {}, stride, pad, dilation, shape.groups);
  }

  static void add_linear(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.integers({33, 65}, 50);
    const auto w = operands.integers({29, 65}, 50);
    const auto b = operands.integers({29}, 1000);
    rows.push_back({"linear", [=] { return at::linear(x.tensor, w.tensor, b.tensor); },
                    [=] {
                      Values out;
                      for (std::int64_t i = 0; i < 33 * 29; ++i) {
                        double sum = b.values[index_of(i % 29)];
                        for (std::int64_t k = 0; k < 65; ++k) {
                          sum += x.values[index_of(i / 29 * 65 + k)] * w.values[index_of(i % 29 * 65 + k)];
                        }
                        out.push_back(sum);
                      }
                      return exactly(out);
                    }});
    const auto picks = operands.indices({48}, 33);
    rows.push_back(
        {"embedding_bag",
         [=] {
           const auto offsets = at::ones({6}, picks.tensor.options()).cumsum(0).sub(1).mul(8);
           return std::get<0>(at::embedding_bag(x.tensor, picks.tensor, offsets));
         },
         [=] {
           Values out;
           for (std::int64_t i = 0; i < 6 * 65; ++i) {
             double sum = 0;
             for (std::int64_t k = 0; k < 8; ++k) {
               sum +=
                   x.values[index_of(static_cast<std::int64_t>(picks.values[index_of(i / 65 * 8 + k)]) * 65 + i % 65)];
             }
             out.push_back(sum);
           }
           return exactly(out);
         }});
    // What is kept of ones is doubled: every value is 0 or 2, and their sum is the count of those kept, 6 sigma about
    // half.
    rows.push_back({"dropout", [=] { return at::dropout(at::ones({10000}, x.tensor.options()), 0.5, true); },
                    [] {
                      return Truths{{0, 0}, {5000, 300}};
                    },
                    [](const at::Tensor& out) {
                      const at::Tensor odd = out.mul(out.sub(2)).abs().sum();  // 0 if all are 0 or 2
                      return at::stack({odd, out.sum().div(2)});
                    }});
  }

  static void add_losses(Operands& operands, std::vector<Operator>& rows) {
    const auto x = operands.normal({64, 10});
    const auto y = operands.normal({64, 10});
    const auto labels = operands.indices({64}, 10);
    // Means of 640 (64) positive terms: any order's bound, and a few units for each term.
    const auto mean = [=](double count, const std::function<double(std::size_t)>& term) {
      double sum = 0;
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) sum += term(i);
      return Truths{{sum / count, (count + 16) * kRounding * std::fabs(sum / count)}};
    };
    rows.push_back({"mse_loss", [=] { return at::mse_loss(x.tensor, y.tensor); },
                    [=] { return mean(640, [&](std::size_t i) { return std::pow(x.values[i] - y.values[i], 2); }); }});
    rows.push_back({"smooth_l1_loss", [=] { return at::smooth_l1_loss(x.tensor, y.tensor); },
                    [=] {
                      return mean(640, [&](std::size_t i) {
                        const double d = std::fabs(x.values[i] - y.values[i]);
                        return d < 1 ? d * d / 2 : d - 0.5;
                      });
                    }});
    rows.push_back({"binary_cross_entropy_with_logits",
                    [=] { return at::binary_cross_entropy_with_logits(x.tensor, y.tensor.sigmoid()); },
                    [=] {
                      auto out = mean(640, [&](std::size_t i) {
                        return std::log1p(std::exp(x.values[i])) - x.values[i] / (1 + std::exp(-y.values[i]));
                      });
                      out[0].bound += 16 * kRounding * 4;  // terms of both signs below 4
                      return out;
                    }});
    rows.push_back({"cross_entropy_loss", [=] { return at::cross_entropy_loss(x.tensor, labels.tensor); },
                    [=] {
                      auto out = mean(64, [&](std::size_t i) {
                        double sum = 0;
                        for (std::size_t k = 0; k < 10; ++k) sum += std::exp(x.values[i * 10 + k]);
                        return std::log(sum) - x.values[i * 10 + static_cast<std::size_t>(labels.values[i])];
                      });
                      out[0].bound += 16 * kRounding * 4;
                      return out;
                    }});
  }

  /// cuDNN's recurrent network, which torch takes on a GPU, and torch's own kernels.
  static void add_recurrent(Operands& operands, std::vector<Operator>& rows) {
    const LstmShape shape;
    const auto x = operands.normal({shape.steps, shape.batch, shape.input});
    const auto third = [&](const std::vector<std::int64_t>& sizes) {
      return operands.mapped(operands.normal(sizes), [](double v) { return v / 3; });
    };
    const auto wi = third({4 * shape.hidden, shape.input});
    const auto wh = third({4 * shape.hidden, shape.hidden});
    const auto bi = third({4 * shape.hidden});
    const auto bh = third({4 * shape.hidden});
    for (const bool cudnn : {true, false}) {
      rows.push_back({cudnn ? "lstm" : "lstm without cuDNN",
                      [=] {
                        const auto start = at::zeros({1, shape.batch, shape.hidden}, x.tensor.options());
                        const CudnnSwitch set(cudnn);
                        return std::get<0>(at::lstm(x.tensor, {start, start},
                                                    {wi.tensor, wh.tensor, bi.tensor, bh.tensor}, true, 1, 0.0, false,
                                                    false, false));
                      },
                      [=] {
                        // Each step adds a sum of 32 terms below 16 to what the gates, which never amplify by more
                        // than 1, keep.
                        return within(lstm(shape, x.values, wi.values, wh.values, bi.values, bh.values), 4,
                                      static_cast<double>(shape.steps) * 32 * 16 * kRounding);
                      }});
    }
  }
};

ENVFORGE_CHECK(Layers);

}  // namespace
}  // namespace envforge::validator::checks::torch
