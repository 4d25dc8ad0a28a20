// Proves: with one process for each GPU, as torchrun starts them, an all-reduce is right bit for bit on every rank, on
//   the output that was timed, at no less than half of what the links carry.
// Control: one element is changed by 1 on the device, on every rank.
// Suite: standard
//
// What fails is tried once more with NCCL_P2P_DISABLE=1: a result that is right then tells of an IOMMU or of PCIe ACS
// between the GPUs, which no other release of a library mends.
#include <poll.h>

#include <csignal>
#include <cstdlib>
#include <map>

#include <nlohmann/json.hpp>

#include <envforge/protocol/badness.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/json_reader.hpp>

#include "checks/nccl/bandwidth.hpp"
#include "harness/helper_process.hpp"

namespace envforge::validator::nccl {
namespace {

using std::chrono::steady_clock;

// Together less than the driver gives to a group.
constexpr std::chrono::seconds kDeadline{60}, kDeadlineWithoutPeers{40};
constexpr const char* kRole = "nccl-rank";
constexpr const char* kWithoutPeers = "NCCL_P2P_DISABLE";
constexpr const char* kSharedMemory = "docker run --ipc=host --shm-size 1g --ulimit memlock=-1 ...; NCCL_DEBUG=INFO";

// The id of a communicator is 128 bytes of any value. It goes through the channel: neither arguments nor environment,
// which others in the container can read.
std::string hexadecimal(const gpu::NcclUniqueId& id) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : id.bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}
gpu::NcclUniqueId from_hexadecimal(const std::string& text) {
  gpu::NcclUniqueId id{};
  for (std::size_t i = 0; i < sizeof id.bytes && 2 * i + 1 < text.size(); ++i) {
    id.bytes[i] = static_cast<char>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
  }
  return id;
}

// What a rank's process does: as a group does with the driver, but its other end is the check below.
void run_rank(harness::Channel& channel) {
  const auto json = support::parse_json(channel.read_line(), "rank", support::ErrorCode::kProtocol);
  const int rank = json.at("rank").get<int>();
  if (!json.at("peer_to_peer").get<bool>()) setenv(kWithoutPeers, "1", 1);  // NCCL reads it once, at its first use
  harness::Context context(protocol::group_request_from_json(json.at("request")), channel);
  protocol::CheckResult result;
  try {
    Session session(context);
    session.start();
    Team team;
    team.ranks = static_cast<int>(context.request().gpus.size());
    team.members.push_back(session.member(rank, rank));
    Member& own = team.members.front();
    context.doing("ncclCommInitRank");
    session.nccl.check(session.nccl.api().ncclCommInitRank(&own.communicator, team.ranks,
                                                           from_hexadecimal(json.at("id").get<std::string>()), rank),
                       "ncclCommInitRank");
    Exercise exercise(
        session, team,
        {gpu::Collective::kAllReduce, numbers::Type::kFp32, json.at("count").get<std::uint64_t>(), false, 0});
    context.doing("timing " + exercise.text());
    // Every rank must do the same number of them: no warming by time.
    for (int i = 0; i < 10; ++i) exercise.enqueue();
    team.wait();
    const harness::Timing timing = time_exercise(team, exercise, 0, 10, 10);
    const gpu::NcclUse use = session.log.use();
    exercise.judge(result);
    if (const auto bandwidth = bandwidth_of(session, exercise.plan(), team.ranks, timing, use)) {
      judge_bandwidth(session, *bandwidth, use, result);
    }
    session.nccl.api().ncclCommDestroy(own.communicator);
  } catch (const harness::Failure& failure) {
    result.verdict = protocol::Verdict::kFail;
    result.reason = failure.what();
    result.layer = failure.layer;
    result.evidence = failure.evidence;
    result.mend = failure.mend;
  } catch (const std::exception& trouble) {
    result.reason = trouble.what();
  }
  channel.send(protocol::Result{result});
}
const harness::RoleRegistration kRankRole(kRole, run_rank);

/// A rank's process as the check sees it.
struct Rank {
  harness::HelperProcess process{kRole};
  std::string doing = "starting";
  std::optional<protocol::CheckResult> result;
};

// A signal tells whose fault it is: memory that /dev/shm has no room for raises SIGBUS, the kernel ends who takes more
// memory than the container may have; any other is the library's own.
harness::Failure died(const std::string& what, const harness::Ending& ending) {
  using protocol::Layer;
  if (ending.signal == SIGBUS) return {what, Layer::kContainerFlags, ending.text, kSharedMemory};
  if (ending.signal == SIGKILL) {
    return {what, Layer::kContainerFlags, ending.text,
            "docker run without --memory, or with a larger one; dmesg on the host names who was killed"};
  }
  return {what, Layer::kImage, ending.text,
          "build the image again from its lock; if it stays, another release of NCCL (envforge explain --matrix); "
          "NCCL_DEBUG=INFO tells more"};
}

/// What became of one all-reduce over processes.
struct Attempt {
  std::vector<protocol::CheckResult> results;  // of each rank
  std::optional<harness::Failure> broken;      // or: one died, or they did not end

  bool right() const {
    return !broken && std::all_of(results.begin(), results.end(), [](const protocol::CheckResult& one) {
      return one.verdict == protocol::Verdict::kPass || one.verdict == protocol::Verdict::kDegraded;
    });
  }
};

class Processes : public SeveralRanks {
 public:
  // Where the GPUs cannot reach each other every collective of this process hangs, until the run's time is over.
  bool first() const override { return true; }
  void run(harness::Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.start();
    constexpr double kGiB = 1 << 30;
    const auto ranks = static_cast<int>(context.request().gpus.size());
    Attempt first =
        attempt(context, fitting_count(session, gpu::Collective::kAllReduce, ranks, numbers::Type::kFp32, kGiB), true);
    if (!first.broken) merge(first.results, result);
    if (first.right()) return;
    if (!first.broken) {
      compare_without_peers(context, result.reason, result.layer, result.evidence, result.mend);
      return;
    }
    std::string reason = first.broken->what();
    compare_without_peers(context, reason, first.broken->layer, first.broken->evidence, first.broken->mend);
    throw harness::Failure(reason, first.broken->layer, first.broken->evidence, first.broken->mend);
  }

 private:
  static Attempt attempt(harness::Context& context, std::uint64_t count, bool peer_to_peer) {
    auto& session = context.session<Session>();
    gpu::NcclUniqueId id{};
    session.nccl.check(session.nccl.api().ncclGetUniqueId(&id), "ncclGetUniqueId");
    context.doing("starting one process for each GPU");
    std::vector<Rank> team(context.request().gpus.size());
    for (std::size_t rank = 0; rank < team.size(); ++rank) {
      const nlohmann::json start = {{"rank", rank},
                                    {"id", hexadecimal(id)},
                                    {"count", count},
                                    {"peer_to_peer", peer_to_peer},
                                    {"request", protocol::to_json(context.request())}};
      team[rank].process.send_line(support::canonical_json(start));
    }
    Attempt out;
    try {
      follow(context, team, peer_to_peer);
      for (Rank& rank : team) out.results.push_back(std::move(*rank.result));
    } catch (const harness::Failure& failure) {
      out.broken = failure;
    }
    return out;
  }

  // Adds what the same without peer-to-peer access tells of a failure.
  static void compare_without_peers(harness::Context& context, std::string& reason, protocol::Layer& layer,
                                    std::string& evidence, std::string& mend) {
    if (std::getenv(kWithoutPeers) != nullptr) return;  // the user's own choice decided already
    constexpr std::uint64_t kSmall = 1 << 20;
    context.doing("the same with NCCL_P2P_DISABLE=1");
    if (!attempt(context, kSmall, false).right()) {
      reason += "; no better with NCCL_P2P_DISABLE=1";
      return;
    }
    reason += "; right with NCCL_P2P_DISABLE=1";
    layer = protocol::Layer::kHostDriver;
    evidence =
        "the same all-reduce is right with NCCL_P2P_DISABLE=1: peer-to-peer access between the GPUs does not work";
    mend =
        "PCIe ACS and the IOMMU off on the host (nvidia-smi topo -p2p r, nvidia-smi nvlink -e); until then "
        "NCCL_P2P_DISABLE=1, which is slower";
  }

  // Until every rank has told its result, or one died, or the time is over. `shown`: the driver recomputes elements.
  static void follow(harness::Context& context, std::vector<Rank>& team, bool shown) {
    const auto end = steady_clock::now() + (shown ? kDeadline : kDeadlineWithoutPeers);
    const auto open = [&] {
      return std::count_if(team.begin(), team.end(), [](const Rank& rank) { return !rank.result; });
    };
    while (open() > 0) {
      std::vector<pollfd> fds;
      for (const Rank& rank : team) {
        if (!rank.result) fds.push_back({rank.process.fd(), POLLIN, 0});
      }
      constexpr int kMilliseconds = 100;
      poll(fds.data(), fds.size(), kMilliseconds);
      for (std::size_t i = 0; i < team.size(); ++i) {
        if (!team[i].result) hear(context, team[i], i, shown);
      }
      if (steady_clock::now() >= end) {
        std::string where;
        for (std::size_t i = 0; i < team.size(); ++i) {
          if (!team[i].result)
            where += (where.empty() ? "rank " : "; rank ") + std::to_string(i) + ": " + team[i].doing;
        }
        throw harness::Failure("the processes of an all-reduce did not end within 60 s: " + where,
                               protocol::Layer::kContainerFlags, "each was started by this check and is killed now",
                               kSharedMemory);
      }
    }
  }

  static void hear(harness::Context& context, Rank& rank, std::size_t number, bool shown) {
    const bool alive = rank.process.take();
    while (const auto line = rank.process.line()) {
      const protocol::Message message = protocol::message_from_line(*line);
      if (const auto* doing = std::get_if<protocol::Doing>(&message)) {
        rank.doing = doing->what;
        context.doing("rank " + std::to_string(number) + ": " + doing->what);
      } else if (const auto* computed = std::get_if<protocol::Computed>(&message)) {
        if (!shown) {
          rank.process.send_line(protocol::to_line(protocol::Message(protocol::Ask{})));
          continue;
        }
        context.recompute(computed->problem, [&](const std::vector<std::uint64_t>& indices) {
          rank.process.send_line(protocol::to_line(protocol::Message(protocol::Ask{indices})));
          return elements(rank);
        });
      } else if (const auto* result = std::get_if<protocol::Result>(&message)) {
        rank.result = result->result;
      }
    }
    if (alive || rank.result) return;
    throw died("rank " + std::to_string(number) + " died in: " + rank.doing, rank.process.ending());
  }

  static std::vector<std::uint64_t> elements(Rank& rank) {
    const auto end = steady_clock::now() + kDeadline;
    while (steady_clock::now() < end) {
      if (const auto line = rank.process.line()) {
        const protocol::Message message = protocol::message_from_line(*line);
        if (const auto* found = std::get_if<protocol::Elements>(&message)) return found->bits;
        continue;
      }
      pollfd fd{rank.process.fd(), POLLIN, 0};
      constexpr int kMilliseconds = 100;
      poll(&fd, 1, kMilliseconds);
      if (!rank.process.take()) break;
    }
    return {};
  }

  // The worst rank decides, a wrong one before one that is slow; the slowest one's bandwidth is the collective's.
  static void merge(const std::vector<protocol::CheckResult>& team, protocol::CheckResult& result) {
    std::size_t worst = 0;
    for (std::size_t i = 1; i < team.size(); ++i) {
      if (protocol::badness(team[i].verdict) > protocol::badness(team[worst].verdict)) worst = i;
    }
    const std::string id = result.id;
    result = team[worst];
    result.id = id;
    if (result.verdict != protocol::Verdict::kPass) {
      result.reason = "rank " + std::to_string(worst) + ": " + result.reason;
      return;
    }
    result.summary = std::to_string(team.size()) + " processes of one GPU each, every element bit for bit on each";
    // The algorithm is told by rank 0 alone.
    const auto& told = team.front().measurements;
    if (told.empty()) return;
    protocol::Measurement slowest = told.front();
    for (const auto& rank : team) {
      for (const auto& m : rank.measurements) {
        if (m.value < slowest.value) {
          slowest.value = m.value;
          slowest.spread = m.spread;
        }
      }
    }
    slowest.context["processes"] = std::to_string(team.size());
    result.measurements = {slowest};
  }
};
ENVFORGE_CHECK(Processes);

}  // namespace
}  // namespace envforge::validator::nccl
