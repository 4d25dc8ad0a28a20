// How fast a collective moved its bytes, with what NCCL says it moved them by, against what the links can carry.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include <envforge/support/text.hpp>

#include "checks/nccl/session.hpp"
#include "container/finding.hpp"
#include "gpu/links.hpp"
#include "gpu/thresholds.hpp"
#include "harness/timing.hpp"

namespace envforge::validator::nccl {

/// Elements for NCCL so that no rank's buffer exceeds `bytes` or the share of its memory that a check may take.
inline std::uint64_t fitting_count(Session& session, gpu::Collective collective, int ranks, numbers::Type type,
                                   double bytes) {
  const auto one = static_cast<double>(numbers::bytes_of(type));
  const gpu::Share share = gpu::share_of(collective, 0, ranks, 0, 1);
  const auto parts = static_cast<double>(std::max(share.in_count, share.out_count));
  const double room = session.room() / 3;  // input, output, and what NCCL and the comparison need
  return std::max<std::uint64_t>(1024, static_cast<std::uint64_t>(std::min(room, bytes) / parts / one));
}

/// Seconds of one collective: many are enqueued for one wait, as nccl-tests does.
inline harness::Timing time_exercise(Team& team, Exercise& exercise, double warm_seconds, int samples, int batch) {
  return harness::measure(
      [&] {
        using Clock = std::chrono::steady_clock;
        const auto start = Clock::now();
        for (int i = 0; i < batch; ++i) exercise.enqueue();
        team.wait();
        return std::chrono::duration<double>(Clock::now() - start).count() / batch;
      },
      warm_seconds / batch, samples);  // measure counts what it is told: one collective of each batch
}

/// Without NVLink a rank sends what it sends over its own PCIe link at most, peer to peer or through the host's memory:
/// the slowest link is a bound, and how near to it NCCL comes nobody has measured for us, so it judges nothing.
inline void expect_of_pcie(Session& session, protocol::Measurement& m) {
  if (!session.nvml()) return;
  for (const auto& one : session.context.request().gpus) {
    // What it can be, not what it is: an idle link saves power at a lower generation.
    const auto link = session.nvml()->pcie_link(session.nvml()->device(one.uuid));
    const auto rate = link ? gpu::pcie_rate(link->most_generation, link->width) : std::nullopt;
    if (!rate) {
      m.expected.reset();
      return;
    }
    if (m.expected && *m.expected <= *rate) continue;
    m.expected = rate;
    m.derivation = "the slowest GPU's PCIe " + std::to_string(link->most_generation) + ".0 x" +
                   std::to_string(link->width) + ", one direction: a bound, by which nothing is judged";
  }
}

/// Whether NVLinks join each GPU to every other, as far as NVML tells: a bridge joins pairs only.
inline bool all_linked(Session& session) {
  if (!session.nvml()) return true;
  const auto& gpus = session.context.request().gpus;
  return std::all_of(gpus.begin(), gpus.end(), [&](const auto& one) {
    void* const device = session.nvml()->device(one.uuid);
    return std::all_of(gpus.begin(), gpus.end(), [&](const auto& other) {
      return other.uuid == one.uuid || session.nvml()->is_linked(device, other.pci_bus_id).value_or(true);
    });
  });
}

/// "bus bandwidth" of a timed collective. Nothing where NCCL does not say by what it moved the data.
inline std::optional<protocol::Measurement> bandwidth_of(Session& session, const Exercise::Plan& plan, int ranks,
                                                         const harness::Timing& timing, const gpu::NcclUse& use) {
  if (use.transports.empty()) return std::nullopt;
  const auto& request = session.context.request();
  const double bytes = gpu::bytes_of(plan.collective, ranks, plan.count, plan.type);
  const double moved = bytes * gpu::bus_factor(plan.collective, ranks) / 1e9;
  protocol::Measurement m;
  m.name = "bus bandwidth";
  m.unit = "GB/s";
  m.value = moved / timing.median;
  m.spread = harness::spread_of_rate(timing, moved);
  m.context = {{"collective", gpu::to_string(plan.collective)},
               {"dtype", to_string(plan.type)},
               {"bytes", std::to_string(static_cast<long long>(bytes))},
               {"ranks", std::to_string(ranks)},
               {"transport", use.transport()},
               {"algorithm", gpu::has_in_place(plan.collective)
                                 ? use.chosen_for(gpu::to_string(plan.collective), session.nccl.version())
                                 : "sends and receives"}};
  int links = 0;
  if (session.nvml()) links = session.nvml()->active_nvlinks(session.nvml()->device(session.uuid()));
  m.context["NVLinks active"] = std::to_string(links);
  const auto rate = gpu::nccl_nvlink_rate(request.gpus.front().compute_capability);
  if (links > 0 && !all_linked(session)) {
    m.context["NVLinks active"] += ", not between all of them";
  } else if (links > 0 && rate) {
    m.expected = links * *rate;
    char text[80];
    std::snprintf(text, sizeof text, "%d links x %.1f GB/s", links, *rate);
    m.derivation = text;
  } else if (links == 0) {
    expect_of_pcie(session, m);
  }
  return m;
}

/// Who keeps NCCL from the links between the GPUs: a variable, the driver, or NCCL by itself.
inline harness::Failure why_through_host(Session& session) {
  using protocol::Layer;
  const std::string log = "NCCL's own log of its connections";
  for (const std::string name : {"NCCL_P2P_DISABLE", "NCCL_P2P_LEVEL"}) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0' || (name == "NCCL_P2P_DISABLE" && std::string(value) == "0")) continue;
    return {name + "='" + support::printable(value) + "' is set",
            session.context.request().flags_are_the_runs ? Layer::kContainerFlags : Layer::kImage, log,
            container::without_variable(name)};
  }
  const auto count = static_cast<int>(session.context.request().gpus.size());
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < count; ++j) {
      int can = 1;
      if (i != j) session.cuda().check(session.cuda().cuDeviceCanAccessPeer(&can, i, j), "cuDeviceCanAccessPeer");
      if (can != 0) continue;
      return {"the driver lets GPU " + std::to_string(i) + " not reach GPU " + std::to_string(j), Layer::kHostDriver,
              log + "; cuDeviceCanAccessPeer says 0", gpu::kUnreachablePeer};
    }
  }
  return {"no variable asks for it, and the driver lets the GPUs reach each other", Layer::kImage, log,
          "NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=INIT,GRAPH,P2P tells why; /etc/nccl.conf and ~/.nccl.conf in the image; "
          "docker run --ipc=host where the ranks are in several containers"};
}

/// Adds it; a large collective far below its links, or one that leaves links unused, makes a pass degraded.
inline void judge_bandwidth(Session& session, const protocol::Measurement& m, const gpu::NcclUse& use,
                            protocol::CheckResult& result) {
  result.measurements.push_back(m);
  const bool judged = session.context.request().judge_speed && m.expected && m.context.at("NVLinks active") != "0";
  if (!judged || result.verdict != protocol::Verdict::kPass) return;
  const gpu::Threshold& threshold = gpu::threshold_of("collective over NVLink");
  if (use.through_host()) {
    result.verdict = protocol::Verdict::kDegraded;
    result.reason = "NCCL goes through host memory although " + m.context.at("NVLinks active") +
                    " NVLinks of the GPU are active: " + use.transport();
    const harness::Failure cause = why_through_host(session);
    result.reason += std::string("; ") + cause.what();
    result.layer = cause.layer;
    result.evidence = cause.evidence;
    result.mend = cause.mend;
  } else if (m.value < threshold.lowest * *m.expected) {
    result.verdict = protocol::Verdict::kDegraded;
    char share[16];
    std::snprintf(share, sizeof share, "%.0f %%", threshold.lowest * 100);
    result.reason = std::string("the bus bandwidth is less than ") + share + " of what the links carry";
    result.layer = protocol::Layer::kHardware;
    result.evidence = m.derivation + "; threshold: " + threshold.source;
    result.mend = "nvidia-smi nvlink -s and nvidia-smi topo -m on the host";
  }
}

}  // namespace envforge::validator::nccl
