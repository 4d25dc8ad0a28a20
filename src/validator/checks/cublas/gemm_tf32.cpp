// Proves: the tensor cores multiply tf32 matrices right, on integers bit for bit and on the very output that was
//   timed, and run at no less than half of what the multiprocessors can do at the observed clock.
// Control: one element of the product is changed by 1, and of the timed one by three times its bound, on the device.
// Suite: standard
//
// The inputs hold what tf32 keeps and no bit more, so nothing is lost before the products are made: what remains is the
// rounding of a sum in fp32, as for bf16.
#include "checks/cublas/timed_cube.hpp"

namespace envforge::validator::cublas {
namespace {

// |sum| <= 500 * 64 * 64 < 2^24.
constexpr int kM = 520, kN = 392, kK = 500, kAmplitude = 64;

class GemmTf32 : public harness::RecomputedCheck<Session> {
 public:
  std::optional<std::string> skip_reason(Context& context) override {
    auto& session = context.session<Session>();
    if (session.device().capability() < 80) return "tensor cores take tf32 from compute capability 8.0 on";
    return std::nullopt;
  }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    const gpu::Gemm exact{kM, kN, kK, Type::kTf32, Type::kFp32};
    if (!multiply_exactly(context, session, exact, kAmplitude, "cublasGemmEx in tf32", result)) return;

    const int n = side_for(session, Type::kTf32, Type::kFp32, 8192);
    const Product p = make_product(context, session, {n, n, n, Type::kTf32, Type::kFp32}, 0);
    const auto once = [&] { session.cublas.gemm(p.gemm, p.a.pointer(), p.b.pointer(), p.c.pointer()); };
    judge_timed_cube(context, session, p, "cublasGemmEx in tf32", once, "gemm tf32", result);
    result.summary = "integers bit for bit, and the timed output of " + std::to_string(n) + "^3";
  }
};
ENVFORGE_CHECK(GemmTf32);

}  // namespace
}  // namespace envforge::validator::cublas
