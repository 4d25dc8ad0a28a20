// Proves: torch's conv2d in fp32 on channels-last data gives every element exactly, on integers.
// Control: one element of the output is changed by 1 on the device.
// Suite: quick
#include <ATen/ops/conv2d.h>

#include "session.hpp"
#include "tensors.hpp"

namespace envforge::validator::checks::torch {
namespace {

constexpr std::int64_t kBatch = 4;
constexpr std::int64_t kSide = 20;
constexpr std::int64_t kIn = 32;
constexpr std::int64_t kOut = 48;
constexpr std::int64_t kKernel = 3;
constexpr std::int64_t kPad = 1;
// With a stride a library can choose neither Winograd's transform nor Fourier's, which round even where all is integer.
constexpr std::int64_t kStride = 2;
constexpr std::int64_t kOutSide = (kSide + 2 * kPad - kKernel) / kStride + 1;
// 9 * 32 * 8 * 8 = 18432 < 2^24: every partial sum in any order is an integer that fp32 holds.
constexpr int kAmplitude = 8;

protocol::Problem problem_of() {
  protocol::Problem problem;
  problem.kind = "conv2d";
  problem.sizes = {{"n", kBatch},  {"h", kSide},   {"w", kSide},  {"c", kIn},         {"k", kOut},
                   {"r", kKernel}, {"s", kKernel}, {"pad", kPad}, {"stride", kStride}};
  problem.a = {3, "fp32", kAmplitude};
  problem.b = {4, "fp32", kAmplitude};
  problem.output_type = "fp32";
  problem.elements = static_cast<std::uint64_t>(kBatch * kOutSide * kOutSide * kOut);
  return problem;
}

/// In double precision, without torch: input as N H W C, weight as K R S C, output as N H W K.
std::vector<numbers::Truth> convolution(const std::vector<double>& input, const std::vector<double>& weight) {
  std::vector<numbers::Truth> out;
  out.reserve(static_cast<std::size_t>(kBatch * kOutSide * kOutSide * kOut));
  const auto sum_at = [&](std::int64_t n, std::int64_t y, std::int64_t x, std::int64_t k) {
    double sum = 0;
    for (std::int64_t r = 0; r < kKernel; ++r) {
      for (std::int64_t s = 0; s < kKernel; ++s) {
        const std::int64_t in_y = y * kStride + r - kPad;
        const std::int64_t in_x = x * kStride + s - kPad;
        if (in_y < 0 || in_x < 0 || in_y >= kSide || in_x >= kSide) continue;
        const double* pixel = &input[static_cast<std::size_t>(((n * kSide + in_y) * kSide + in_x) * kIn)];
        const double* filter = &weight[static_cast<std::size_t>(((k * kKernel + r) * kKernel + s) * kIn)];
        for (std::int64_t c = 0; c < kIn; ++c) sum += pixel[c] * filter[c];
      }
    }
    return sum;
  };
  for (std::int64_t n = 0; n < kBatch; ++n) {
    for (std::int64_t y = 0; y < kOutSide; ++y) {
      for (std::int64_t x = 0; x < kOutSide; ++x) {
        for (std::int64_t k = 0; k < kOut; ++k) out.push_back({sum_at(n, y, x, k), 0});
      }
    }
  }
  return out;
}

class Conv2d : public TorchCheck {
  bool recomputed() const override { return true; }
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    const auto& session = context.session<Session>();
    const std::uint64_t seed = context.request().seed;
    const auto problem = problem_of();
    // Memory lies as N H W C and K R S C; torch names the same memory N C H W.
    const auto nchw = std::vector<std::int64_t>{0, 3, 1, 2};
    const auto inputs = operand_values(kBatch * kSide * kSide * kIn, problem.a, seed);
    const auto weights = operand_values(kOut * kKernel * kKernel * kIn, problem.b, seed);
    const auto input = tensor_of(inputs, {kBatch, kSide, kSide, kIn}, session.device()).permute(nchw);
    const auto weight = tensor_of(weights, {kOut, kKernel, kKernel, kIn}, session.device()).permute(nchw);
    context.doing("at::conv2d" + session.where());
    const at::Tensor output =
        at::conv2d(input, weight, {}, /*stride=*/kStride, /*padding=*/kPad).permute({0, 2, 3, 1}).contiguous();
    context.recompute(problem, [&](const auto& indices) { return bits_of(output, indices); });

    const auto truth = convolution(inputs, weights);
    const std::int64_t place = output.numel() / 2 + 1;
    const harness::Control control{"one element of the output changed by 1", 1, [&] { element(output, place).add_(1); },
                                   [&] { element(output, place).sub_(1); }};
    result.summary = "conv2d 3x3 with stride 2, " + std::to_string(kIn) + " to " + std::to_string(kOut) +
                     " channels in fp32: every element exact," + session.where();
    judge(
        result, [&] { return compare_all(output, truth); }, control, protocol::Layer::kImage);
  }
};

ENVFORGE_CHECK(Conv2d);

}  // namespace
}  // namespace envforge::validator::checks::torch
