// Proves: cublasLt multiplies fp8 e4m3 with one scale for each input, bit for bit while partial sums are exact, and
//   right on the very output that was timed, at no less than 45 % of what the multiprocessors can do at the clock.
// Control: one element of the product is changed by 1, and of the timed one by three times its bound, on the device.
// Suite: standard
//
// Tensor cores sum fp8 with 14 bits (seen on Hopper), so exact data keeps |partial sum| below 2^13: 1008 * 2 * 2 =
// 4032. The scales are 4 and 1/2 and alpha is 1/2: a product that forgets one of them is off by a factor of two or
// more.
#include "checks/cublas/timed_cube.hpp"
#include "gpu/cublaslt_api.hpp"

namespace envforge::validator::cublas {
namespace {

constexpr int kM = 528, kN = 400, kK = 1008, kAmplitude = 2;
constexpr float kScaleA = 4, kScaleB = 0.5, kAlpha = 0.5;

class GemmFp8 : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  std::optional<std::string> skip_reason(Context& context) override {
    auto& session = context.session<Session>();
    const int capability = session.device().capability();
    if (capability < 89) {
      return "tensor cores take fp8 from compute capability 8.9 on, this GPU has " + std::to_string(capability / 10) +
             "." + std::to_string(capability % 10);
    }
    return std::nullopt;
  }
  void prepare(Context& context) override {
    lt_ = std::make_unique<gpu::CublasLt>(context.session<Session>().libraries());
  }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    lt_->start(session.libraries());
    const Product exact =
        make_product(context, session, {kM, kN, kK, Type::kE4m3, Type::kFp32, false, true}, kAmplitude);
    context.doing("cublasLtMatmul in fp8 e4m3");
    scaled(session, exact).run(kAlpha, exact.a, exact.b, exact.c);
    session.device().synchronize();
    judge_exactly(context, session.kernels(), exact, result);
    if (result.verdict != protocol::Verdict::kPass) return;

    const int n = side_for(session, Type::kE4m3, Type::kBf16, 8192);
    const Product p = make_product(context, session, {n, n, n, Type::kE4m3, Type::kBf16, false, true}, 0);
    const gpu::ScaledProduct timed = scaled(session, p);
    const auto once = [&] { timed.run(kAlpha, p.a, p.b, p.c); };
    judge_timed_cube(context, session, p, "cublasLtMatmul in fp8 e4m3", once, "gemm fp8 e4m3", result);
    result.summary =
        "integers bit for bit, and the timed output of " + std::to_string(n) + "^3, cuBLASLt " + lt_->version();
  }

 private:
  gpu::ScaledProduct scaled(Session& session, const Product& p) const {
    return {*lt_, session.device(), p.gemm.m, p.gemm.n, p.gemm.k, p.gemm.output, kScaleA, kScaleB};
  }
  std::unique_ptr<gpu::CublasLt> lt_;
};
ENVFORGE_CHECK(GemmFp8);

}  // namespace
}  // namespace envforge::validator::cublas
