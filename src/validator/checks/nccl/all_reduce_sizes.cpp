// Proves: all-reduces of 4 KiB to 1 GiB are right bit for bit on the very outputs that were timed; the report has their
//   bandwidth against size, each with the algorithm that NCCL chose.
// Control: one element on one rank is changed by 1 on the device, for each size.
// Suite: standard
#include "checks/nccl/bandwidth.hpp"

namespace envforge::validator::nccl {
namespace {

class AllReduceSizes : public SeveralRanks {
 public:
  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    Team& team = session.everyone();
    constexpr std::uint64_t kSmallest = 4096, kLargest = 1ULL << 30;
    int sizes = 0;
    for (std::uint64_t bytes = kSmallest; bytes <= kLargest; bytes *= 4) {
      const std::uint64_t count = bytes / 4;
      if (static_cast<double>(bytes) > session.room() / 3) break;
      Exercise exercise(session, team, {gpu::Collective::kAllReduce, numbers::Type::kFp32, count, false, 0});
      context.doing("timing " + exercise.text());
      const harness::Timing timing = time_exercise(team, exercise, 0.05, 5, bytes > (64U << 20) ? 5 : 20);
      const gpu::NcclUse use = session.log.use();
      exercise.judge(result);
      if (result.verdict != protocol::Verdict::kPass) return;
      auto bandwidth = bandwidth_of(session, exercise.plan(), team.ranks, timing, use);
      if (!bandwidth) throw harness::Skip("NCCL " + session.nccl.version() + " does not say by what it moves data");
      if (bytes < kSaturating) bandwidth->expected.reset();  // latency decides there, not the links
      result.measurements.push_back(std::move(*bandwidth));
      ++sizes;
    }
    result.summary = std::to_string(sizes) + " sizes, " + std::to_string(team.ranks) + " ranks";
  }

 private:
  static constexpr std::uint64_t kSaturating = 512ULL << 20;  // nccl-tests, issue 212: 256 MB is too small on H100
};
ENVFORGE_CHECK(AllReduceSizes);

}  // namespace
}  // namespace envforge::validator::nccl
