// Proves: three communicators that live at once over the same GPUs, one of them with its ranks in reverse, do not
//   disturb each other: their collectives, enqueued in turn, are right bit for bit on every rank.
// Control: one element on one rank of each communicator is changed by 1 on the device.
// Suite: standard
#include "checks/nccl/session.hpp"

namespace envforge::validator::nccl {
namespace {

class Communicators : public SeveralRanks {
 public:
  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    Team& first = session.everyone();
    std::vector<int> order = session.in_order();
    Team second = session.team(order);
    std::reverse(order.begin(), order.end());
    Team reversed = session.team(order);
    constexpr std::uint64_t kCount = 250007;
    constexpr int kRounds = 20;
    using gpu::Collective;
    using numbers::Type;
    std::vector<Exercise> exercises;
    exercises.reserve(3);
    exercises.emplace_back(session, first, Exercise::Plan{Collective::kAllReduce, Type::kFp32, kCount, false, 0});
    exercises.emplace_back(session, second, Exercise::Plan{Collective::kAllGather, Type::kBf16, kCount, false, 0});
    exercises.emplace_back(session, reversed, Exercise::Plan{Collective::kReduceScatter, Type::kI32, kCount, false, 0});
    context.doing("three communicators in turn");
    for (int round = 0; round < kRounds; ++round) {
      for (Exercise& exercise : exercises) exercise.enqueue();
    }
    first.wait();
    for (Exercise& exercise : exercises) {
      exercise.judge(result);
      if (result.verdict != protocol::Verdict::kPass) return;
    }
    result.summary = "3 communicators of " + std::to_string(first.ranks) + " ranks, " + std::to_string(kRounds) +
                     " collectives of each in turn";
  }
};
ENVFORGE_CHECK(Communicators);

}  // namespace
}  // namespace envforge::validator::nccl
