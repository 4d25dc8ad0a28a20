// Proves: a strided batch of products, as attention calls it, has every matrix right in every bit in fp32, fp16, bf16
//   and fp64.
// Control: one element of one matrix of the batch is changed by 1 on the device, in each type.
// Suite: standard
#include "checks/cublas/product.hpp"

namespace envforge::validator::cublas {
namespace {

// |sum| <= 96 * 64 < 2^24.
constexpr int kM = 200, kN = 168, kK = 96, kBatch = 7, kAmplitude = 8;

class GemmBatched : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(Context& context) override { context.session<Session>(); }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    std::string done;
    for (const Type input : {Type::kFp32, Type::kFp16, Type::kBf16, Type::kFp64}) {
      if (!has_type(session.device().capability(), input)) continue;
      const Type output = input == Type::kFp64 ? Type::kFp64 : Type::kFp32;
      const gpu::Gemm gemm{kM, kN, kK, input, output, false, true, kBatch};
      const Product p = make_product(context, session, gemm, kAmplitude);
      context.doing("cublasGemmStridedBatchedEx " + to_string(gemm));
      session.cublas.gemm(gemm, p.a.pointer(), p.b.pointer(), p.c.pointer());
      session.device().synchronize();
      judge_exactly(context, session.kernels(), p, result);
      if (result.verdict != protocol::Verdict::kPass) {
        result.reason = to_string(gemm) + ": " + result.reason;
        return;
      }
      done += (done.empty() ? "" : ", ") + to_string(input);
    }
    result.summary = std::to_string(kBatch) + " matrices at once in " + done + ": every element bit for bit";
  }
};
ENVFORGE_CHECK(GemmBatched);

}  // namespace
}  // namespace envforge::validator::cublas
