// Proves: cuBLAS multiplies integer matrices of odd sizes in fp32, fp16, bf16 and fp64 with every bit of every
//   element right.
// Control: one element of the product is changed by 1 on the device, in each type.
// Suite: quick
//
// Every sum of small integers is exact in every order.
#include "checks/cublas/product.hpp"

namespace envforge::validator::cublas {
namespace {

// No multiples of a usual tile, so that edges are looked at. |sum| <= 1000 * 64 < 2^24.
constexpr int kM = 1056, kN = 984, kK = 1000, kAmplitude = 8;
// A slice of a GPU with less room than this gets a quarter of each side.
constexpr double kSmallRoom = 64 << 20;

class GemmExact : public harness::RecomputedCheck<Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    const int part = session.room() < kSmallRoom ? 4 : 1;
    std::string done;
    for (const Type input : {Type::kFp32, Type::kFp16, Type::kBf16, Type::kFp64}) {
      if (!has_type(session.device().capability(), input)) continue;
      const Type output = input == Type::kFp64 ? Type::kFp64 : Type::kFp32;
      const gpu::Gemm gemm{kM / part, kN / part, kK / part, input, output};
      if (!multiply_exactly(context, session, gemm, kAmplitude, "cublasGemmEx in " + to_string(input), result)) return;
      done += (done.empty() ? "" : ", ") + to_string(input);
    }
    result.summary = std::to_string(kM / part) + " x " + std::to_string(kN / part) + " x " + std::to_string(kK / part) +
                     " in " + done + ": every element bit for bit";
  }
};
ENVFORGE_CHECK(GemmExact);

}  // namespace
}  // namespace envforge::validator::cublas
