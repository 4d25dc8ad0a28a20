// Proves: an all-reduce over every GPU of the container, in one process, is right bit for bit on every rank, on the
//   output that was timed, and moves at least half of what the links that NVML counts can carry.
// Control: one element on one rank is changed by 1 on the device.
// Suite: quick
#include "checks/nccl/session.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "harness/timing.hpp"

namespace envforge::validator::nccl {
namespace {

using harness::Context;

constexpr std::uint64_t kMostElements = 128ULL << 20;  // 512 MiB for each rank: below that NVLink is not saturated
constexpr double kLowestFraction = 0.5;
constexpr double kPcieGbPerS = 63;  // of a PCIe 5.0 x16 slot, one direction

// GB/s of one NVLink in one direction that NCCL reckons with, by compute capability (NCCL's src/graph/topo.h, read
// 2026-11).
std::optional<double> link_rate(const std::string& capability) {
  static constexpr std::array<std::pair<const char*, double>, 5> kRates{
      {{"7.0", 20}, {"8.0", 20}, {"8.6", 12}, {"9.0", 20.6}, {"10.0", 40.1}}};
  for (const auto& [name, rate] : kRates) {
    if (capability == name) return rate;
  }
  return std::nullopt;
}

class AllReduce : public harness::Check {
 public:
  bool recomputed() const override { return true; }

  std::optional<std::string> skip_reason(Context& context) override {
    if (context.request().gpus.size() < 2) return "one GPU: an all-reduce over several ranks needs two";
    for (const auto& gpu : context.request().gpus) {
      if (gpu.mig) return "NCCL does not join slices of a GPU (MIG)";
    }
    return std::nullopt;
  }

  void prepare(Context& context) override {
    if (!skip_reason(context)) context.session<Session>();
  }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    const auto fitting = static_cast<std::uint64_t>(session.room() / 12);
    const std::uint64_t elements = std::clamp<std::uint64_t>(fitting, 1024, kMostElements);
    Reduction reduction(context, session, elements);
    const bool quick = context.request().suite == protocol::Suite::kQuick;
    const harness::Timing timing = harness::measure([&] { return reduction.run(); }, quick ? 0.3 : 2, quick ? 10 : 50);
    context.doing("comparing on every rank");
    reduction.judge(result);
    if (result.verdict == protocol::Verdict::kPass) {
      result.summary = std::to_string(reduction.ranks()) + " ranks, every element bit for bit on each";
    }
    measure(context, session, reduction.ranks(), elements, timing, result);
  }

 private:
  static void measure(Context& context, Session& session, int ranks, std::uint64_t elements,
                      const harness::Timing& timing, protocol::CheckResult& result) {
    protocol::Measurement m;
    m.name = "bus bandwidth";
    m.unit = "GB/s";
    m.value = 2.0 * (ranks - 1) / ranks * static_cast<double>(elements) * 4 / timing.median / 1e9;
    int links = 0;
    if (session.nvml()) links = session.nvml()->active_nvlinks(session.nvml()->device(session.uuid()));
    // Only what no PCIe slot can carry proves that the links were used.
    const bool over_links = links > 0 && m.value > kPcieGbPerS;
    m.context = {{"bytes per rank", std::to_string(elements * 4)},
                 {"ranks", std::to_string(ranks)},
                 {"transport", over_links  ? "NVLink, " + std::to_string(links) + " links of each GPU"
                               : links > 0 ? "not NVLink alone, though " + std::to_string(links) + " links are active"
                                           : "no NVLink: PCIe or host memory"}};
    const auto rate = link_rate(context.request().gpus.front().compute_capability);
    if (links > 0 && rate) {
      m.expected = links * *rate;
      char text[80];
      std::snprintf(text, sizeof text, "%d links x %.1f GB/s", links, *rate);
      m.derivation = text;
    }
    if (context.request().judge_speed && m.expected && m.value < kLowestFraction * *m.expected &&
        result.verdict == protocol::Verdict::kPass) {
      result.verdict = protocol::Verdict::kDegraded;
      result.reason = "the bus bandwidth is less than half of what the links carry";
      result.layer = protocol::Layer::kHardware;
      result.evidence = m.derivation;
      result.mend = "nvidia-smi nvlink -s and nvidia-smi topo -m on the host";
    }
    result.measurements.push_back(std::move(m));
  }
};
ENVFORGE_CHECK(AllReduce);

}  // namespace
}  // namespace envforge::validator::nccl
