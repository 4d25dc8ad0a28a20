// Proves: while the other groups worked no GPU reported an Xid or a memory error, neither heat nor a power brake slowed
//   one down for more than a moment, and none was held below half of its clock for no reason that NVML tells.
// Control: an Xid, a memory error, samples slowed by heat and a low clock are put into the copy that is judged.
// Suite: quick
//
// Runs beside the groups that are timed, from their beginning to their end. A power cap that holds the clock down is
// how a board under full load is meant to work: it is said, and no fault.
#include <algorithm>
#include <cstdio>
#include <map>

#include "checks/nvml/session.hpp"
#include "container/report_findings.hpp"
#include "gpu/clock_watch.hpp"
#include "gpu/xids.hpp"

namespace envforge::validator::nvml {
namespace {

using container::Finding;
using harness::Context;
using protocol::Layer;

constexpr double kEvery = 0.1;  // seconds
/// What was seen of one GPU.
struct Seen {
  int samples = 0, capped = 0;
  gpu::ClockWatch clock;
  unsigned int hottest = 0, most_watts = 0, highest_clock = 0;
  std::optional<unsigned int> most_clock;  // that NVML allows it, MHz
  unsigned long long errors_before = 0, errors_after = 0;

  std::optional<unsigned int> held_at() const { return most_clock ? clock.held_at(*most_clock) : std::nullopt; }
};

/// Of all GPUs; `heard`: what NVML told of by itself, the first of it.
struct Watching {
  std::map<std::string, Seen> gpus;  // by UUID
  std::optional<gpu::NvmlEvent> heard;
  std::string heard_of;  // the UUID
};

void take(Seen& seen, const gpu::Sample& sample) {
  ++seen.samples;
  seen.hottest = std::max(seen.hottest, sample.celsius.value_or(0));
  seen.most_watts = std::max(seen.most_watts, sample.milliwatts.value_or(0) / 1000);
  seen.highest_clock = std::max(seen.highest_clock, sample.megahertz.value_or(0));
  if ((sample.reasons.value_or(0) & gpu::kNvmlPowerCap) != 0) ++seen.capped;
  seen.clock.take(sample);
}

/// NVML's events of every GPU; some GPUs and containers have none.
class Events {
 public:
  Events(const gpu::NvmlApi& api, const std::vector<Watched>& gpus) : api_(api) {
    if (api.nvmlEventSetWait_v2 == nullptr || api.nvmlEventSetCreate(&set_) != 0) {
      set_ = nullptr;
      return;
    }
    for (const Watched& one : gpus) {
      if (api.nvmlDeviceRegisterEvents(one.board, gpu::kNvmlEventXid | gpu::kNvmlEventDoubleBitError, set_) == 0)
        ++heard_;
    }
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() {
    if (set_ != nullptr) api_.nvmlEventSetFree(set_);
  }
  bool any() const { return heard_ > 0; }
  std::optional<gpu::NvmlEvent> next() const {
    gpu::NvmlEvent event{};
    if (heard_ == 0 || api_.nvmlEventSetWait_v2(set_, &event, 0) != 0) return std::nullopt;
    return event;
  }

 private:
  const gpu::NvmlApi& api_;
  void* set_ = nullptr;
  int heard_ = 0;
};

std::string uuid_of(const std::vector<Watched>& gpus, void* handle) {
  for (const Watched& one : gpus) {
    if (one.board == handle) return one.uuid;
  }
  return "a GPU";
}

Layer layer_of(const Watching& it) {
  if (it.heard && it.heard->type != gpu::kNvmlEventDoubleBitError) {
    const auto* xid = gpu::find_xid(static_cast<int>(it.heard->data));
    return xid == nullptr ? Layer::kHostDriver : xid->layer;
  }
  // Clocks that were set are the host's choice; all else here is the board's.
  const bool only_held = std::all_of(it.gpus.begin(), it.gpus.end(), [](const auto& one) {
    return one.second.errors_after <= one.second.errors_before && !one.second.clock.is_slowed();
  });
  return it.heard || !only_held ? Layer::kHardware : Layer::kHostDriver;
}

Finding finding_of(const std::string& uuid, const gpu::NvmlEvent& event) {
  if (event.type == gpu::kNvmlEventDoubleBitError) {
    return {uuid + " reported a double-bit memory error during the run", "nvidia-smi --gpu-reset -i " + uuid, true};
  }
  const auto* xid = gpu::find_xid(static_cast<int>(event.data));
  const std::string what = uuid + " reported Xid " + std::to_string(event.data) + " during the run";
  if (xid == nullptr) return {what, gpu::kUnknownXid, true};
  return {what + ": " + xid->meaning, xid->mend, !xid->corrected};
}

// "12.5 %"
std::string percent(int part, int whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", whole == 0 ? 0.0 : 100.0 * part / whole);
  return text;
}

Finding slowed(const std::string& uuid, const Seen& seen) {
  return {uuid + " was slowed down in " + percent(seen.clock.slowed(), seen.clock.working()) +
              " of the samples under load: " + gpu::text_of_reasons(seen.clock.faulty_reasons()) + ", at up to " +
              std::to_string(seen.hottest) + " C",
          "check fans, air flow and power supply; nvidia-smi -q -d PERFORMANCE,TEMPERATURE on the host", false};
}

Finding held(const std::string& uuid, const Seen& seen) {
  return {uuid + " worked at " + std::to_string(*seen.held_at()) + " of " + std::to_string(*seen.most_clock) +
              " MHz, by the median, and neither power nor heat held its clock" +
              (seen.clock.clocks_were_set() ? ": the driver says that it was set" : ""),
          "nvidia-smi -i " + uuid + " -rgc and nvidia-smi -i " + uuid +
              " -rac on the host; if it stays, nvidia-smi -q -d CLOCK,PERFORMANCE there and a reboot",
          false};
}

std::vector<Finding> judge(const Watching& it) {
  std::vector<Finding> out;
  if (it.heard) out.push_back(finding_of(it.heard_of, *it.heard));
  for (const auto& [uuid, seen] : it.gpus) {
    if (seen.errors_after > seen.errors_before) {
      out.push_back({uuid + ": " + std::to_string(seen.errors_after - seen.errors_before) +
                         " memory errors that could not be corrected, during the run",
                     "nvidia-smi --gpu-reset -i " + uuid, true});
    }
    if (seen.clock.is_slowed()) out.push_back(slowed(uuid, seen));
    if (seen.held_at()) out.push_back(held(uuid, seen));
  }
  return out;
}

class Watch : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    const Events events(session.nvml->api(), session.gpus);
    Watching seen;
    const auto errors_of = [&](const Watched& one) {
      return session.nvml->memory_health(one.board).uncorrected_now.value_or(0);
    };
    for (const Watched& one : session.gpus) {
      seen.gpus[one.uuid].errors_before = errors_of(one);
      seen.gpus[one.uuid].most_clock = session.nvml->max_sm_clock(one.board);
    }
    context.doing("watching clocks, heat and errors");
    bool done = false;
    while (!done) {
      done = context.enough(kEvery);
      for (const Watched& one : session.gpus) take(seen.gpus[one.uuid], session.nvml->sample(one.board));
      if (!seen.heard) seen.heard = events.next();
    }
    if (seen.heard) seen.heard_of = uuid_of(session.gpus, seen.heard->device);
    std::string limits;
    for (const Watched& one : session.gpus) {
      seen.gpus[one.uuid].errors_after = errors_of(one);
      measure(one, seen.gpus[one.uuid], result);
      const auto limit = session.nvml->slowdown_celsius(one.board);
      if (limit) limits += "; " + one.uuid + " slows down at " + std::to_string(*limit) + " C";
    }
    result.summary = summary_of(seen) + (events.any() ? "; no Xid" : "; Xids are not told in this container");
    Watching judged = seen;
    container::report_findings(
        result, [&] { return judge(judged); }, session.gpus.size(),
        {"an Xid, a memory error, samples slowed by heat and a low clock", 4, [&] { plant(judged); },
         [&] { judged = seen; }},
        layer_of(seen), "NVML's events, ECC counters and clock reasons" + limits);
  }

 private:
  static void measure(const Watched& one, const Seen& seen, protocol::CheckResult& result) {
    const auto note = [&](const char* name, double value, const char* unit) {
      result.measurements.push_back({name, value, unit, {}, "", {{"gpu", one.uuid}}});
    };
    note("hottest", seen.hottest, "C");
    note("most power", seen.most_watts, "W");
    note("highest SM clock", seen.highest_clock, "MHz");
    if (const auto lowest = seen.clock.lowest()) note("lowest SM clock under load", *lowest, "MHz");
    if (const auto median = seen.clock.median()) note("median SM clock under load", *median, "MHz");
    if (seen.most_clock) note("most that the SM clock can be", *seen.most_clock, "MHz");
    note("samples", seen.samples, "");
    note("of them held by the power cap", seen.capped, "");
    note("samples under load", seen.clock.working(), "");
    note("of them slowed by heat or brake", seen.clock.slowed(), "");
  }

  static std::string summary_of(const Watching& it) {
    unsigned int hottest = 0, most_watts = 0;
    const Seen *slowest = nullptr, *most_capped = nullptr;
    for (const auto& [uuid, seen] : it.gpus) {
      hottest = std::max(hottest, seen.hottest);
      most_watts = std::max(most_watts, seen.most_watts);
      if (seen.capped > (most_capped == nullptr ? 0 : most_capped->capped)) most_capped = &seen;
      const auto median = seen.clock.median();
      if (median && seen.most_clock && (slowest == nullptr || *median < *slowest->clock.median())) slowest = &seen;
    }
    std::string out = "at most " + std::to_string(hottest) + " C and " + std::to_string(most_watts) + " W";
    if (slowest != nullptr) {
      out += ", SM clock under load " + std::to_string(*slowest->clock.median()) + " of " +
             std::to_string(*slowest->most_clock) + " MHz by the median";
    }
    if (most_capped != nullptr) {
      out += ", the power cap held it in " + percent(most_capped->capped, most_capped->samples) + " of the samples";
    }
    return out;
  }

  static void plant(Watching& it) {
    constexpr unsigned long long kFallenOffTheBus = 79;
    auto& [uuid, seen] = *it.gpus.begin();
    it.heard = gpu::NvmlEvent{};
    it.heard->type = gpu::kNvmlEventXid;
    it.heard->data = kFallenOffTheBus;
    it.heard_of = uuid;
    seen.errors_after = seen.errors_before + 1;
    constexpr unsigned int kLow = 100, kLoad = 100;
    constexpr int kMany = 20;
    seen.most_clock = seen.most_clock.value_or(10 * kLow);
    seen.clock = {};
    for (int i = 0; i < kMany; ++i) seen.clock.take({kLow, {}, {}, kLoad, 0ULL});
    for (int i = 0; i < kMany; ++i) seen.clock.take({kLow, {}, {}, kLoad, gpu::kNvmlHwThermal});
  }
};
ENVFORGE_CHECK(Watch);

}  // namespace
}  // namespace envforge::validator::nvml
