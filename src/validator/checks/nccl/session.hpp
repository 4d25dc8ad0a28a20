// What the checks of this group share: NCCL with its own account of what it does, GPUs with our kernels on them, and
// one collective of exact data on the ranks that live in this process.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <vector>

#include "gpu/nccl_api.hpp"
#include "gpu/nccl_log.hpp"
#include "gpu/session.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator::nccl {

/// One GPU of this process, and the rank that it is.
struct Member {
  int rank = 0;
  std::unique_ptr<gpu::Device> device;
  std::unique_ptr<gpu::Kernels> kernels;
  void* communicator = nullptr;
};

/// The ranks of one communicator that live in this process: all of them, or one.
struct Team {
  int ranks = 0;
  std::vector<Member> members;
  std::unique_ptr<gpu::Communicators> communicators;  // of a team whose ranks are all here
  void wait() const {
    for (const Member& member : members) {
      member.device->make_current();
      member.device->synchronize();
    }
  }
};

struct Session : gpu::Session {
  explicit Session(harness::Context& its_context)
      : gpu::Session(its_context, gpu::Torch::kLoaded), context(its_context), nccl(libraries()) {}

  /// cuInit, once; says which NCCL this is.
  void start() {
    if (started) return;
    started = true;
    context.doing("cuInit");
    cuda().check(cuda().cuInit(0), "cuInit");
    nccl.report(libraries());
  }

  Member member(int rank, int ordinal) {
    Member out;
    out.rank = rank;
    out.device = other_device(ordinal);
    out.kernels = std::make_unique<gpu::Kernels>(*out.device, cubin());
    return out;
  }

  /// A communicator of its own in which rank i is GPU order[i].
  Team team(const std::vector<int>& order) {
    start();
    Team out;
    out.ranks = static_cast<int>(order.size());
    for (int rank = 0; rank < out.ranks; ++rank) {
      out.members.push_back(member(rank, order[static_cast<std::size_t>(rank)]));
    }
    context.doing("ncclCommInitAll over " + std::to_string(out.ranks) + " GPUs");
    out.communicators = std::make_unique<gpu::Communicators>(nccl, order);
    for (Member& each : out.members) each.communicator = out.communicators->rank(static_cast<std::size_t>(each.rank));
    return out;
  }

  /// Every GPU of the request in its order, with one communicator for all checks.
  Team& everyone() {
    if (shared == nullptr) shared = std::make_unique<Team>(team(in_order()));
    return *shared;
  }
  std::vector<int> in_order() const {
    std::vector<int> order(context.request().gpus.size());
    std::iota(order.begin(), order.end(), 0);
    return order;
  }

  harness::Context& context;
  gpu::NcclLog log;  // before the first call of NCCL
  gpu::Nccl nccl;
  std::unique_ptr<Team> shared;
  bool started = false;
};

inline constexpr std::uint64_t kFirstStream = 31;

/// One collective with its buffers.
class Exercise {
 public:
  struct Plan {
    gpu::Collective collective;
    numbers::Type type;
    std::uint64_t count;
    bool in_place = false;
    int root = 0;
  };
  Exercise(Session& session, Team& team, const Plan& plan);

  /// Enqueues it on every rank of this process; `but_last`: all the others only.
  void enqueue(bool but_last = false);
  /// Every element of every output here, with a fault planted in one of them, shown to the driver.
  void judge(protocol::CheckResult& result);
  /// "AllGather of 65539 x bf16, in place".
  std::string text() const;
  const Plan& plan() const { return plan_; }

 private:
  struct Part {
    Member* member;
    gpu::Share share;
    protocol::Problem problem;
    gpu::Buffer from, to;  // in place: `to` alone
    std::uint64_t out_byte = 0;
    void* input = nullptr;
    void* output = nullptr;
  };
  void compare_into(harness::Comparison& all) const;

  Session& session_;
  Team& team_;
  Plan plan_;
  int amplitude_;
  std::vector<Part> parts_;
};

inline Exercise::Exercise(Session& session, Team& team, const Plan& plan)
    : session_(session),
      team_(team),
      plan_(plan),
      amplitude_(gpu::amplitude_of(plan.collective, plan.type, team.ranks)) {
  const auto unit = static_cast<std::uint64_t>(numbers::bytes_of(plan.type));
  for (Member& member : team.members) {
    member.device->make_current();
    Part part;
    part.member = &member;
    part.share = gpu::share_of(plan.collective, member.rank, team.ranks, plan.root, plan.count);
    part.problem = gpu::problem_of(part.share, kFirstStream, plan.type, amplitude_);
    const std::uint64_t largest = std::max(part.share.in_count, std::max(part.share.out_count, plan.count));
    part.to = gpu::Buffer(*member.device, largest * unit);
    part.to.clear(0xff);  // an element that is never written is wrong
    if (!plan.in_place) part.from = gpu::Buffer(*member.device, part.share.in_count * unit);
    const gpu::Buffer& input = plan.in_place ? part.to : part.from;
    const std::uint64_t in_byte = plan.in_place ? part.share.in_offset * unit : 0;
    part.out_byte = plan.in_place ? part.share.out_offset * unit : 0;
    const protocol::Operand own{kFirstStream + static_cast<std::uint64_t>(member.rank), to_string(plan.type),
                                amplitude_};
    member.kernels->fill_at(input, in_byte, part.share.in_count, gpu::source_of(own, session.context.request().seed));
    part.input = static_cast<char*>(input.pointer()) + in_byte;
    part.output = static_cast<char*>(part.to.pointer()) + part.out_byte;
    member.device->synchronize();
    parts_.push_back(std::move(part));
  }
}

inline void Exercise::enqueue(bool but_last) {
  const gpu::Nccl& nccl = session_.nccl;
  nccl.check(nccl.api().ncclGroupStart(), "ncclGroupStart");
  for (const Part& part : parts_) {
    if (but_last && part.member->rank == team_.ranks - 1) continue;
    part.member->device->make_current();
    gpu::enqueue(nccl, {plan_.collective, part.input, part.output, plan_.count, plan_.type, plan_.root},
                 part.member->communicator, part.member->rank, team_.ranks);
  }
  nccl.check(nccl.api().ncclGroupEnd(), "ncclGroupEnd");
}

inline std::string Exercise::text() const {
  return gpu::to_string(plan_.collective) + " of " + std::to_string(plan_.count) + " x " + to_string(plan_.type) +
         (plan_.in_place ? ", in place" : "");
}

inline void Exercise::compare_into(harness::Comparison& all) const {
  for (const Part& part : parts_) {
    if (part.share.out_count == 0) continue;
    part.member->device->make_current();
    all = gpu::both(all, part.member->kernels->compare_collective(part.to, part.out_byte, part.problem,
                                                                  session_.context.request().seed));
  }
}

inline void Exercise::judge(protocol::CheckResult& result) {
  const std::uint64_t seed = session_.context.request().seed;
  std::vector<const Part*> written;
  for (const Part& part : parts_) {
    if (part.share.out_count > 0) written.push_back(&part);
  }
  if (written.empty()) return;
  const Part& victim = *written[seed % written.size()];
  const numbers::Type type = plan_.type;
  const int width = numbers::bytes_of(type);
  const auto place = [&](std::uint64_t index) { return victim.out_byte + index * static_cast<std::uint64_t>(width); };
  victim.member->device->make_current();
  session_.context.recompute(victim.problem, [&](const std::vector<std::uint64_t>& indices) {
    std::vector<std::uint64_t> bits;
    for (const std::uint64_t index : indices) bits.push_back(victim.to.peek(place(index), width));
    return bits;
  });
  const std::uint64_t offset = place(seed / 7 % victim.share.out_count);
  const std::uint64_t before = victim.to.peek(offset, width);
  const auto value = static_cast<long long>(numbers::decode(before, type));
  const auto poke = [&](std::uint64_t bits) {
    victim.member->device->make_current();
    victim.to.poke(offset, width, bits);
  };
  harness::judge(
      result,
      [&] {
        harness::Comparison all;
        compare_into(all);
        return all;
      },
      {"one element on rank " + std::to_string(victim.member->rank) + " changed by 1", 1,
       [&] {
         // Towards zero, where every type has the next integer.
         poke(numbers::encode({value > 0 ? value - 1 : value + 1, 0}, type));
       },
       [&] { poke(before); }},
      protocol::Layer::kImage);  // the driver looks for a better one in the other checks
  if (result.verdict != protocol::Verdict::kPass) result.reason = text() + ": " + result.reason;
}

/// A check of several ranks, whose results the driver computes again.
class SeveralRanks : public harness::Check {
 public:
  bool recomputed() const final { return true; }
  std::optional<std::string> skip_reason(harness::Context& context) final {
    if (context.request().gpus.size() < 2) return "one GPU: a collective over several ranks needs two";
    for (const auto& gpu : context.request().gpus) {
      if (gpu.mig) return "NCCL does not join slices of a GPU (MIG)";
    }
    return std::nullopt;
  }
  void prepare(harness::Context& context) final {
    if (!skip_reason(context)) context.session<Session>();
  }
};

}  // namespace envforge::validator::nccl
