// Proves: with one GPU: NCCL loads, makes a communicator and moves data exactly; nothing between GPUs is proven.
// Control: one element of the output is changed by 1 on the device.
// Suite: quick
#include "checks/nccl/session.hpp"

namespace envforge::validator::nccl {
namespace {

using harness::Context;

constexpr std::uint64_t kElements = 1ULL << 20;

class SingleRank : public harness::Check {
 public:
  bool recomputed() const override { return true; }

  std::optional<std::string> skip_reason(Context& context) override {
    if (context.request().gpus.size() != 1) return "several GPUs: nccl.all-reduce covers this";
    return std::nullopt;
  }

  void prepare(Context& context) override {
    if (!skip_reason(context)) context.session<Session>();
  }

  void run(Context& context, protocol::CheckResult& result) override {
    Reduction reduction(context, context.session<Session>(), kElements);
    reduction.run();
    reduction.judge(result);
    if (result.verdict == protocol::Verdict::kPass) result.summary = "one rank only; nothing between GPUs was tested";
  }
};
ENVFORGE_CHECK(SingleRank);

}  // namespace
}  // namespace envforge::validator::nccl
