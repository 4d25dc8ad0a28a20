// Proves: torch's matmul in fp32 is exact on integers and within its rounding bound on bell-shaped numbers.
// Control: one element of the product is moved by four times the largest bound.
// Suite: quick
#include <ATen/ops/matmul.h>

#include <cmath>

#include "session.hpp"
#include "tensors.hpp"

namespace envforge::validator::checks::torch {
namespace {

// Large enough for the library's real kernels (cuBLAS, MKL, OpenBLAS), small enough to know every element.
constexpr std::int64_t kM = 192;
constexpr std::int64_t kN = 256;
constexpr std::int64_t kK = 224;
// kK * 40 * 40 < 2^24: every partial sum in any order is an integer that fp32 holds.
constexpr int kAmplitude = 40;

protocol::Problem problem_of(int amplitude) {
  protocol::Problem problem;
  problem.kind = "gemm";
  problem.sizes = {{"m", kM}, {"n", kN}, {"k", kK}};
  problem.a = {1, "fp32", amplitude};
  problem.b = {2, "fp32", amplitude};
  problem.output_type = "fp32";
  problem.elements = static_cast<std::uint64_t>(kM * kN);
  return problem;
}

/// In double precision, without torch.
std::vector<numbers::Truth> product(const std::vector<double>& a, const std::vector<double>& b,
                                    const protocol::Problem& problem) {
  std::vector<numbers::Truth> out(static_cast<std::size_t>(kM * kN));
  const double relative = problem.a.amplitude > 0 ? 0 : numbers::relative_bound(numbers::Type::kFp32);
  const double absolute = numbers::accumulation_bound(problem.a, problem.b, static_cast<double>(kK), "fp32");
  for (std::size_t row = 0; row < kM; ++row) {
    for (std::size_t k = 0; k < kK; ++k) {
      for (std::size_t column = 0; column < kN; ++column) {
        out[row * kN + column].value += a[row * kK + k] * b[k * kN + column];
      }
    }
  }
  for (auto& one : out) one.bound = relative * std::fabs(one.value) + absolute;
  return out;
}

class Matmul : public TorchCheck {
  bool recomputed() const override { return true; }
  void compute(harness::Context& context, protocol::CheckResult& result) override {
    judge_one(context, problem_of(kAmplitude), result);
    if (result.verdict != protocol::Verdict::kPass) return;
    protocol::CheckResult normal;
    judge_one(context, problem_of(0), normal);
    // The control that is told is that of the data on which a fault can hide: the real numbers.
    result.verdict = normal.verdict;
    result.reason = normal.reason;
    result.layer = normal.layer;
    result.control = normal.control;
    result.summary = "matmul " + std::to_string(kM) + " x " + std::to_string(kK) + " x " + std::to_string(kN) +
                     " in fp32: exact on integers, within the bound on real numbers," +
                     context.session<Session>().where();
  }

  static void judge_one(harness::Context& context, const protocol::Problem& problem, protocol::CheckResult& result) {
    const auto& session = context.session<Session>();
    const std::uint64_t seed = context.request().seed;
    const auto a_values = operand_values(kM * kK, problem.a, seed);
    const auto b_values = operand_values(kK * kN, problem.b, seed);
    const auto a = tensor_of(a_values, {kM, kK}, session.device());
    const auto b = tensor_of(b_values, {kK, kN}, session.device());
    context.doing("at::matmul" + session.where());
    const at::Tensor c = at::matmul(a, b);
    context.recompute(problem, [&](const auto& indices) { return bits_of(c, indices); });

    const auto truth = product(a_values, b_values, problem);
    const bool exact = problem.a.amplitude > 0;
    const double fault = exact ? 1 : 4 * largest_bound(truth);
    // The element's own rounding, up to its bound, may take away from the fault.
    const double claimed = exact ? fault : fault - largest_bound(truth);
    const std::int64_t place = kM * kN / 2 + 1;
    const harness::Control control{"one element of the product changed by " + std::to_string(fault), claimed,
                                   [&] { element(c, place).add_(fault); }, [&] { element(c, place).sub_(fault); }};
    judge(
        result, [&] { return compare_all(c, truth); }, control, protocol::Layer::kImage);
  }
};

ENVFORGE_CHECK(Matmul);

}  // namespace
}  // namespace envforge::validator::checks::torch
