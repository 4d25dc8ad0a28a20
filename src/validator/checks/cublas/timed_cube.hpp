// A product of square matrices that is timed: its speed, and the very output that the timing left.
#pragma once

#include "checks/cublas/product.hpp"
#include "gpu/speed.hpp"

namespace envforge::validator::cublas {

/// Times `once`, which computes `p` by `call`; judges sampled lines of the last output and the speed by the row
/// `threshold` of gpu/thresholds.cpp.
inline void judge_timed_cube(Context& context, Session& session, const Product& p, const std::string& call,
                             const std::function<void()>& once, const std::string& threshold,
                             protocol::CheckResult& result) {
  constexpr double kWarmSeconds = 0.3;
  constexpr int kSamples = 20;
  const std::string shape = std::to_string(p.gemm.n) + "^3";
  context.doing("timing " + call + ", " + shape);
  const gpu::SpeedRun speed = gpu::time_on_gpu(session, once, kWarmSeconds, kSamples);
  context.recompute(p.problem, gpu::elements_of(p.c, p.gemm.output));
  judge_sampled_lines(context, session.kernels(), p, result);
  gpu::judge_speed(result, context, session, speed, std::pow(p.gemm.n, 3), p.gemm.input, shape, threshold);
}

}  // namespace envforge::validator::cublas
