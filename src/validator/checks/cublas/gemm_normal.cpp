// Proves: the very outputs that were timed are right on bell-shaped data in bf16, fp16, fp32 and fp64, and no type
//   runs below half of what the multiprocessors can do at the observed clock.
// Control: one element of the timed product is moved by three times its bound on the device, in each type.
// Suite: quick
//
// fp32 and fp64: Freivalds, with a tolerance that follows from the rounding of a sum. 16-bit outputs, whose rounding
// would hide a fault from Freivalds: an fp64 reference over full rows and full columns, one in each 256th part of the
// output, element by element.
#include <cstring>

#include "checks/cublas/product.hpp"
#include "gpu/speed.hpp"

namespace envforge::validator::cublas {
namespace {

constexpr int kVectors = 3;

// The residual of one row is a sum of n rounding errors of random sign, each about 0.4 k u spread(a) spread(b) at most;
// 3 is more than seven times that.
double residual_bound(const Product& p) {
  const double unit = std::ldexp(1.0, p.gemm.output == Type::kFp64 ? -53 : -24);
  return 3 * std::sqrt(p.gemm.k) * p.gemm.k * unit * numbers::spread_of(0) * numbers::spread_of(0);
}

std::uint64_t moved(std::uint64_t bits, Type type, double by) {
  if (type == Type::kFp64) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    value += by;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  float value;
  std::memcpy(&value, &bits, sizeof value);
  value += static_cast<float>(by);
  std::uint32_t narrow;
  std::memcpy(&narrow, &value, sizeof narrow);
  return narrow;
}

void judge_by_freivalds(const Context& context, const gpu::Kernels& kernels, const Product& p,
                        protocol::CheckResult& result) {
  const std::uint64_t m = wide(p.gemm.m), n = wide(p.gemm.n), k = wide(p.gemm.k);
  const double bound = residual_bound(p);
  char size[64];
  std::snprintf(size, sizeof size, "%.3g", 3 * bound);
  const auto found = harness::judge(
      result,
      [&] {
        harness::Comparison all;
        for (int i = 0; i < kVectors; ++i) {
          const auto base = numbers::stream_base(context.request().seed, 100 + static_cast<numbers::U64>(i));
          all = gpu::both(all, kernels.freivalds(p.c, p.gemm.output, m, n, k, p.a_source, p.b_source, bound, base));
        }
        return all;
      },
      // Twice the bound is left of it when the residual of that row was at its bound before.
      plant(p, context.request().seed % p.elements(), 2,
            "one element of C in " + to_string(p.gemm.output) + " changed by " + size,
            [&p, bound](std::uint64_t bits) { return moved(bits, p.gemm.output, 3 * bound); }),
      protocol::Layer::kImage);
  add_largest_error(found, p.gemm.output, result);
}

class GemmNormal : public harness::RecomputedCheck<Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    protocol::CheckResult slow;
    for (const Type type : {Type::kBf16, Type::kFp16, Type::kFp32, Type::kFp64}) {
      if (!has_type(session.device().capability(), type)) continue;
      one_type(context, session, type, result);
      if (result.verdict == protocol::Verdict::kDegraded) {
        slow = result;
      } else if (result.verdict != protocol::Verdict::kPass) {
        result.reason = to_string(type) + ": " + result.reason;
        return;
      }
    }
    if (slow.verdict == protocol::Verdict::kDegraded) {
      slow.measurements = result.measurements;
      result = slow;
    }
    result.summary = "the timed outputs are right in bf16, fp16, fp32 and fp64";
    if (session.device().capability() < 80) result.summary = "the timed outputs are right in fp16, fp32 and fp64";
  }

 private:
  static void one_type(Context& context, Session& session, Type type, protocol::CheckResult& result) {
    const int n = side_for(session, type, type, bytes_of(type) == 2 ? 8192 : 4096);
    const Product p = make_product(context, session, {n, n, n, type, type}, 0);
    const std::string shape = std::to_string(n) + "^3";
    context.doing("timing cublasGemmEx in " + to_string(type) + ", " + shape);
    const auto once = [&] { session.cublas.gemm(p.gemm, p.a.pointer(), p.b.pointer(), p.c.pointer()); };
    const bool quick = context.request().suite == protocol::Suite::kQuick;
    const gpu::SpeedRun speed = gpu::time_on_gpu(session, once, quick ? 0.2 : 1, quick ? 20 : 100);
    context.doing("verifying the timed output in " + to_string(type));
    context.recompute(p.problem, gpu::elements_of(p.c, type));
    if (bytes_of(type) == 2) {
      judge_sampled_lines(context, session.kernels(), p, result);
    } else {
      judge_by_freivalds(context, session.kernels(), p, result);
    }
    gpu::judge_speed(result, context, session, speed, std::pow(n, 3), type, shape, "gemm " + to_string(type));
  }
};
ENVFORGE_CHECK(GemmNormal);

}  // namespace
}  // namespace envforge::validator::cublas
