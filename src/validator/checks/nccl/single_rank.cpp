// Proves: with one GPU: NCCL loads, makes a communicator and moves and sums data of every type exactly in every
//   collective; nothing between GPUs is proven.
// Control: one element of the output is changed by 1 on the device, for each type and collective.
// Suite: quick
#include "checks/nccl/collective_check.hpp"

namespace envforge::validator::nccl {
namespace {

using harness::Context;

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
    using gpu::Collective;
    auto& session = context.session<Session>();
    Team& team = session.everyone();
    std::string types;
    for (const Collective collective :
         {Collective::kAllReduce, Collective::kAllGather, Collective::kReduceScatter, Collective::kBroadcast,
          Collective::kReduce, Collective::kSendRecv, Collective::kAllToAll}) {
      types = exercise_types(session, team, collective, result);
      if (result.verdict != protocol::Verdict::kPass) return;
    }
    result.summary = "one rank only, 7 collectives in " + types + "; nothing between GPUs was tested";
  }
};
ENVFORGE_CHECK(SingleRank);

}  // namespace
}  // namespace envforge::validator::nccl
