// Proves: a strided batch of products, as attention calls it, has every matrix right in every bit in fp32, fp16, bf16
//   and fp64.
// Control: one element of one matrix of the batch is changed by 1 on the device, in each type.
// Suite: standard
#include "checks/cublas/product.hpp"

namespace envforge::validator::cublas {
namespace {

// |sum| <= 96 * 64 < 2^24.
constexpr int kM = 200, kN = 168, kK = 96, kBatch = 7, kAmplitude = 8;

class GemmBatched : public harness::RecomputedCheck<Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    std::string done;
    for (const Type input : {Type::kFp32, Type::kFp16, Type::kBf16, Type::kFp64}) {
      if (!has_type(session.device().capability(), input)) continue;
      const Type output = input == Type::kFp64 ? Type::kFp64 : Type::kFp32;
      const gpu::Gemm gemm{kM, kN, kK, input, output, false, true, kBatch};
      const std::string call = "cublasGemmStridedBatchedEx " + to_string(gemm);
      if (!multiply_exactly(context, session, gemm, kAmplitude, call, result)) return;
      done += (done.empty() ? "" : ", ") + to_string(input);
    }
    result.summary = std::to_string(kBatch) + " matrices at once in " + done + ": every element bit for bit";
  }
};
ENVFORGE_CHECK(GemmBatched);

}  // namespace
}  // namespace envforge::validator::cublas
