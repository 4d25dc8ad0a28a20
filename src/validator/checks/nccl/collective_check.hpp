// One collective over every GPU of the container, in one process: every type that NCCL has, out of place and in place,
// on a count that no alignment divides; then timed in fp32 on a large size, and the timed output itself compared.
#pragma once

#include <array>

#include "checks/nccl/bandwidth.hpp"

namespace envforge::validator::nccl {

inline constexpr std::array<numbers::Type, 12> kAllTypes{
    {numbers::Type::kI8, numbers::Type::kU8, numbers::Type::kI32, numbers::Type::kU32, numbers::Type::kI64,
     numbers::Type::kU64, numbers::Type::kFp16, numbers::Type::kBf16, numbers::Type::kFp32, numbers::Type::kFp64,
     numbers::Type::kE4m3, numbers::Type::kE5m2}};

/// Every type, out of place and in place; adds nothing but a verdict. Returns the types that were moved.
inline std::string exercise_types(Session& session, Team& team, gpu::Collective collective,
                                  protocol::CheckResult& result) {
  constexpr std::uint64_t kCount = 20011;  // a prime
  const int root = static_cast<int>(session.context.request().seed % static_cast<std::uint64_t>(team.ranks));
  std::string done;
  for (const numbers::Type type : kAllTypes) {
    if (!session.nccl.has(type, gpu::sums(collective), team.members.front().device->capability()) ||
        gpu::amplitude_of(collective, type, team.ranks) == 0) {
      continue;
    }
    for (const bool in_place : {false, true}) {
      if (in_place && !gpu::has_in_place(collective)) continue;
      Exercise exercise(session, team, {collective, type, kCount, in_place, root});
      session.context.doing(exercise.text());
      exercise.enqueue();
      team.wait();
      exercise.judge(result);
      if (result.verdict != protocol::Verdict::kPass) return done;
    }
    done += (done.empty() ? "" : ", ") + to_string(type);
  }
  return done;
}

class CollectiveCheck : public SeveralRanks {
 public:
  explicit CollectiveCheck(gpu::Collective collective) : collective_(collective) {}

  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    Team& team = session.everyone();
    const std::string types = exercise_types(session, team, collective_, result);
    if (result.verdict != protocol::Verdict::kPass) return;
    const bool quick = context.request().suite == protocol::Suite::kQuick;
    constexpr double kGiB = 1 << 30;
    const std::uint64_t count =
        fitting_count(session, collective_, team.ranks, numbers::Type::kFp32, quick ? kGiB / 2 : 2 * kGiB);
    Exercise exercise(session, team, {collective_, numbers::Type::kFp32, count, false, 0});
    context.doing("timing " + exercise.text());
    const harness::Timing timing = time_exercise(team, exercise, quick ? 0.2 : 0.5, quick ? 5 : 10, quick ? 4 : 10);
    const gpu::NcclUse use = session.log.use();
    context.doing("comparing on every rank: " + exercise.text());
    exercise.judge(result);
    if (result.verdict != protocol::Verdict::kPass) return;
    result.summary = std::to_string(team.ranks) + " ranks, " + types +
                     (gpu::has_in_place(collective_) ? ", in and out of place" : "") + ": every element bit for bit";
    const auto bandwidth = bandwidth_of(session, exercise.plan(), team.ranks, timing, use);
    if (bandwidth) {
      judge_bandwidth(session, *bandwidth, use, result);
    } else {
      result.summary +=
          "; no bandwidth, for NCCL " + session.nccl.version() + " does not say by what it moved the data";
    }
  }

 private:
  gpu::Collective collective_;
};

}  // namespace envforge::validator::nccl
