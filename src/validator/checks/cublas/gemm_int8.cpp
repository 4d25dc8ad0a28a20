// Proves: an int8 product of the whole range of its inputs is right in every bit of int32 on the very output that was
//   timed, and runs at no less than three tenths of what the multiprocessors can do at the observed clock.
// Control: one element of the timed product is changed by 1 on the device.
// Suite: standard
//
// |sum| <= 4096 * 127 * 127 < 2^31: exact in every order.
#include "checks/cublas/timed_cube.hpp"

namespace envforge::validator::cublas {
namespace {

class GemmInt8 : public harness::RecomputedCheck<Session> {
 public:
  std::optional<std::string> skip_reason(Context& context) override {
    auto& session = context.session<Session>();
    if (session.device().capability() < 75) return "tensor cores take int8 from compute capability 7.5 on";
    return std::nullopt;
  }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    const int n = side_for(session, Type::kI8, Type::kI32, 4096);
    // B lies as its transpose: the layout that every kernel for int8 takes.
    const Product p = make_product(context, session, {n, n, n, Type::kI8, Type::kI32, false, true}, 127);
    const auto once = [&] { session.cublas.gemm(p.gemm, p.a.pointer(), p.b.pointer(), p.c.pointer()); };
    judge_timed_cube(context, session, p, "cublasGemmEx in int8", once, "gemm i8", result);
    result.summary = "512 full rows and columns of the timed " + std::to_string(n) + "^3 bit for bit";
  }
};
ENVFORGE_CHECK(GemmInt8);

}  // namespace
}  // namespace envforge::validator::cublas
