// Proves: each of the four combinations of transposed operands, on sizes that are no multiple of anything, is right in
//   every bit in fp32, fp16, bf16, fp64 and tf32: what a linear layer and its two gradients call.
// Control: one element of the product is changed by 1 on the device, in each type and layout.
// Suite: standard
#include "checks/cublas/product.hpp"

namespace envforge::validator::cublas {
namespace {

// Primes, and one dimension of 1: |sum| <= 263 * 64 < 2^24.
struct Size {
  int m, n, k;
};
constexpr Size kSizes[] = {{307, 211, 263}, {1, 257, 131}, {193, 1, 67}};
constexpr int kAmplitude = 8;

class GemmLayouts : public harness::RecomputedCheck<Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    int done = 0;
    for (const Type input : {Type::kFp32, Type::kFp16, Type::kBf16, Type::kFp64, Type::kTf32}) {
      if (!has_type(session.device().capability(), input)) continue;
      const Type output = input == Type::kFp64 ? Type::kFp64 : Type::kFp32;
      for (const Size& size : kSizes) {
        for (int turned = 0; turned < 4; ++turned) {
          const gpu::Gemm gemm{size.m, size.n, size.k, input, output, (turned & 1) != 0, (turned & 2) != 0};
          const std::string call = "cublasGemmEx " + to_string(gemm);
          if (!multiply_exactly(context, session, gemm, kAmplitude, call, result)) return;
          ++done;
        }
      }
    }
    result.summary = std::to_string(done) + " products of odd sizes and every layout, bit for bit";
  }
};
ENVFORGE_CHECK(GemmLayouts);

}  // namespace
}  // namespace envforge::validator::cublas
