// Proves: a collective that one rank never joins can be ended: ncclCommAbort returns within 20 s and frees the GPUs,
//   and a new communicator over them works, right bit for bit.
// Control: the same all-reduce with its last rank left out does not end, where the whole one did.
// Suite: standard
#include <future>
#include <thread>

#include "checks/nccl/session.hpp"

namespace envforge::validator::nccl {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kDeadline{20};
constexpr milliseconds kLongEnough{300};  // a whole all-reduce of this size takes less than one

class Abort : public SeveralRanks {
 public:
  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    constexpr std::uint64_t kCount = 1 << 16;
    const Exercise::Plan plan{gpu::Collective::kAllReduce, numbers::Type::kFp32, kCount, false, 0};
    protocol::NegativeControl control;
    control.planted = "the last rank does not join an all-reduce";
    control.claimed = 1;
    double took = 0;
    {
      Team team = session.team(session.in_order());
      Exercise exercise(session, team, plan);
      const gpu::Device& first = *team.members.front().device;
      first.make_current();
      const gpu::Event whole(first), broken(first);
      // The whole one also makes every connection, which nobody could make alone.
      context.doing("an all-reduce that every rank joins");
      exercise.enqueue();
      first.make_current();
      whole.record();
      const bool ended = happens(whole, kDeadline);
      context.doing("an all-reduce that the last rank never joins");
      exercise.enqueue(true);
      first.make_current();
      broken.record();
      control.found = happens(broken, kLongEnough) ? 0 : 1;
      control.detected = ended && control.found == 1;
      took = abort(context, team);
      first.make_current();
      if (!happens(broken, kDeadline)) {
        throw harness::Failure("the GPU still runs a collective after ncclCommAbort", protocol::Layer::kImage,
                               "NCCL " + session.nccl.version(), "another release of NCCL");
      }
    }
    Team fresh = session.team(session.in_order());
    Exercise after(session, fresh, plan);
    context.doing("an all-reduce over a new communicator");
    after.enqueue();
    fresh.wait();
    after.judge(result);
    if (result.verdict != protocol::Verdict::kPass) return;
    result.control = control;
    if (!control.detected) {
      result.verdict = protocol::Verdict::kError;
      result.reason = "an all-reduce without its last rank ended as if nobody were missing";
      return;
    }
    result.measurements.push_back({"ncclCommAbort", took, "s", {}, "", {}});
    result.summary = "a collective that one of " + std::to_string(fresh.ranks) +
                     " ranks never joined was ended, and a new communicator works";
  }

 private:
  static bool happens(const gpu::Event& event, duration<double> within) {
    const auto end = steady_clock::now() + within;
    while (!event.happened()) {
      if (steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return true;
  }

  // In a thread of its own: what does not return must not hold up the verdict.
  static double abort(harness::Context& context, Team& team) {
    auto& session = context.session<Session>();
    context.doing("ncclCommAbort on every rank");
    const auto start = steady_clock::now();
    auto done = std::make_shared<std::promise<int>>();
    std::future<int> answer = done->get_future();
    std::thread([done, ranks = team.communicators->release(), abort_one = session.nccl.api().ncclCommAbort] {
      int worst = 0;
      for (void* rank : ranks) {
        const int status = abort_one(rank);
        if (status != 0) worst = status;
      }
      done->set_value(worst);
    }).detach();
    if (answer.wait_for(kDeadline) != std::future_status::ready) {
      throw harness::Failure("ncclCommAbort does not return within 20 s: a job that hangs cannot be ended by NCCL",
                             protocol::Layer::kImage, "NCCL " + session.nccl.version(), "another release of NCCL");
    }
    session.nccl.check(answer.get(), "ncclCommAbort");
    return duration<double>(steady_clock::now() - start).count();
  }
};
ENVFORGE_CHECK(Abort);

}  // namespace
}  // namespace envforge::validator::nccl
