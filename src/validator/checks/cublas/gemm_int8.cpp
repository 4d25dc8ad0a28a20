// Proves: an int8 product of the whole range of its inputs is right in every bit of int32 on the very output that was
//   timed, and runs at no less than three tenths of what the multiprocessors can do at the observed clock.
// Control: one element of the timed product is changed by 1 on the device.
// Suite: standard
//
// |sum| <= 4096 * 127 * 127 < 2^31: exact in every order.
#include "checks/cublas/product.hpp"
#include "gpu/speed.hpp"
#include "gpu/thresholds.hpp"

namespace envforge::validator::cublas {
namespace {

class GemmInt8 : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  std::optional<std::string> skip_reason(Context& context) override {
    auto& session = context.session<Session>();
    if (session.device().capability() < 75) return "tensor cores take int8 from compute capability 7.5 on";
    return std::nullopt;
  }
  void prepare(Context& context) override { context.session<Session>(); }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    const int n = side_for(session, Type::kI8, Type::kI32, 4096);
    // B lies as its transpose: the layout that every kernel for int8 takes.
    const Product p = make_product(context, session, {n, n, n, Type::kI8, Type::kI32, false, true}, 127);
    const std::string shape = std::to_string(n) + "^3";
    context.doing("timing cublasGemmEx in int8, " + shape);
    const gpu::SpeedRun speed = gpu::time_on_gpu(
        session, [&] { session.cublas.gemm(p.gemm, p.a.pointer(), p.b.pointer(), p.c.pointer()); }, 0.3, 20);
    context.recompute(p.problem, gpu::elements_of(p.c, Type::kI32));
    judge_sampled_lines(context, session.kernels(), p, result);
    gpu::judge_speed(result, context, session, speed, std::pow(n, 3), Type::kI8, shape,
                     gpu::threshold_of("gemm i8").lowest);
    result.summary = "512 full rows and columns of the timed " + shape + " bit for bit";
  }
};
ENVFORGE_CHECK(GemmInt8);

}  // namespace
}  // namespace envforge::validator::cublas
