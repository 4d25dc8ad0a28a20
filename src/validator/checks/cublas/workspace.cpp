// Proves: cuBLAS keeps to the workspace that it is given: a product that is split along its sum is right in every bit,
//   and no byte before or behind the workspace changes.
// Control: one byte behind the workspace is changed on the device.
// Suite: standard
//
// torch hands cuBLAS a workspace for each stream, and captures of CUDA graphs rest on it.
#include <algorithm>

#include "checks/cublas/product.hpp"

namespace envforge::validator::cublas {
namespace {

// Few elements and a long sum: what a library splits, with partial sums in the workspace. |sum| <= 16384 * 16 < 2^24.
constexpr int kSide = 96, kLong = 16384, kAmplitude = 4;
constexpr std::uint64_t kGuard = 64U << 10, kMostWorkspace = 32U << 20;
constexpr std::uint64_t kStream = 21;

class Workspace : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(Context& context) override {
    // A handle of its own: the workspace ends with this check.
    cublas_ = std::make_unique<gpu::Cublas>(context.session<Session>().libraries());
  }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.device();
    cublas_->start(session.libraries());
    const double room = session.room();
    const std::uint64_t bytes =
        std::min<std::uint64_t>(kMostWorkspace, static_cast<std::uint64_t>(room / 4)) / kGuard * kGuard;
    const gpu::Buffer memory(session.device(), bytes + 2 * kGuard);
    const gpu::Source pattern{numbers::stream_base(context.request().seed, kStream), 0, Type::kU32};
    const gpu::Kernels& kernels = session.kernels();
    kernels.fill(memory, memory.bytes() / 4, pattern);
    const int side = room < (64 << 20) ? kSide / 4 : kSide, terms = room < (64 << 20) ? kLong / 16 : kLong;
    const Product p = make_product(context, session, {side, side, terms, Type::kFp16, Type::kFp32}, kAmplitude);
    context.doing("cublasGemmEx with a workspace of " + std::to_string(bytes) + " bytes");
    cublas_->set_workspace(reinterpret_cast<void*>(memory.address() + kGuard), bytes);
    cublas_->gemm(p.gemm, p.a.pointer(), p.b.pointer(), p.c.pointer());
    session.device().synchronize();
    judge_exactly(context, kernels, p, result);
    if (result.verdict != protocol::Verdict::kPass) return;
    judge_guards(context, kernels, memory, pattern, result);
    if (result.verdict == protocol::Verdict::kPass) {
      result.summary = "a product split along its sum is right, and nothing outside the workspace changed";
    }
  }

 private:
  static void judge_guards(Context& context, const gpu::Kernels& kernels, const gpu::Buffer& memory,
                           const gpu::Source& pattern, protocol::CheckResult& result) {
    const std::uint64_t behind = memory.bytes() - kGuard;
    const gpu::View before{memory.address(), kGuard}, after{memory.address() + behind, kGuard};
    const std::uint64_t victim = behind + context.request().seed % (kGuard / 4) * 4;
    const std::uint64_t bits = memory.peek(victim, 4);
    harness::judge(
        result,
        [&] {
          return gpu::both(kernels.compare_fill(before, kGuard / 4, pattern),
                           kernels.compare_fill(after, kGuard / 4, gpu::shifted(pattern, behind / 4)));
        },
        {"one byte behind the workspace changed", 1, [&] { memory.poke(victim, 4, bits ^ 1); },
         [&] { memory.poke(victim, 4, bits); }},
        protocol::Layer::kImage);
  }

  std::unique_ptr<gpu::Cublas> cublas_;
};
ENVFORGE_CHECK(Workspace);

}  // namespace
}  // namespace envforge::validator::cublas
