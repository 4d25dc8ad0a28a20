// Proves: while the other groups worked no GPU reported an Xid or a memory error, and neither heat nor a power brake
//   slowed one down.
// Control: an Xid, a memory error and a sample slowed by heat are put into the copy that is judged.
// Suite: quick
//
// Runs beside the groups that are timed, from their beginning to their end. A power cap that holds the clock down is
// how a board under full load is meant to work: it is said, and no fault.
#include <algorithm>
#include <map>

#include "checks/nvml/session.hpp"
#include "container/report_findings.hpp"
#include "gpu/xids.hpp"

namespace envforge::validator::nvml {
namespace {

using container::Finding;
using harness::Context;
using protocol::Layer;

constexpr double kEvery = 0.1;  // seconds
constexpr unsigned long long kFaulty =
    gpu::kNvmlHwSlowdown | gpu::kNvmlSwThermal | gpu::kNvmlHwThermal | gpu::kNvmlPowerBrake;

/// What was seen of one GPU.
struct Seen {
  int samples = 0, busy = 0, capped = 0, slowed = 0;
  unsigned long long reasons = 0;
  unsigned int hottest = 0, most_watts = 0;
  unsigned int lowest_busy_clock = 0, highest_clock = 0;
  unsigned long long errors_before = 0, errors_after = 0;
};

/// Of all GPUs; `heard`: what NVML told of by itself, the first of it.
struct Watching {
  std::map<std::string, Seen> gpus;  // by UUID
  std::optional<gpu::NvmlEvent> heard;
  std::string heard_of;  // the UUID
};

void take(Seen& seen, const gpu::Sample& sample) {
  constexpr unsigned int kBusy = 50;  // percent of the time in which a kernel ran
  ++seen.samples;
  seen.hottest = std::max(seen.hottest, sample.celsius.value_or(0));
  seen.most_watts = std::max(seen.most_watts, sample.milliwatts.value_or(0) / 1000);
  seen.highest_clock = std::max(seen.highest_clock, sample.megahertz.value_or(0));
  if ((sample.reasons & gpu::kNvmlPowerCap) != 0) ++seen.capped;
  if ((sample.reasons & kFaulty) != 0) ++seen.slowed;
  seen.reasons |= sample.reasons;
  if (sample.load.value_or(0) < kBusy || !sample.megahertz) return;
  seen.lowest_busy_clock = ++seen.busy == 1 ? *sample.megahertz : std::min(seen.lowest_busy_clock, *sample.megahertz);
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

Layer layer_of(const std::optional<gpu::NvmlEvent>& event) {
  if (!event || event->type == gpu::kNvmlEventDoubleBitError) return Layer::kHardware;
  const auto* xid = gpu::find_xid(static_cast<int>(event->data));
  return xid == nullptr ? Layer::kHostDriver : xid->layer;
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

int percent(int part, int whole) {
  return whole == 0 ? 0 : 100 * part / whole;
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
    if (seen.slowed == 0) continue;
    out.push_back(
        {uuid + " was slowed down in " + std::to_string(percent(seen.slowed, seen.samples)) + " % of the samples: " +
             gpu::text_of_reasons(seen.reasons & kFaulty) + ", at up to " + std::to_string(seen.hottest) + " C",
         "check fans, air flow and power supply; nvidia-smi -q -d PERFORMANCE,TEMPERATURE on the host", false});
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
    for (const Watched& one : session.gpus) seen.gpus[one.uuid].errors_before = errors_of(one);
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
        {"an Xid, a memory error and a sample slowed by heat", 3, [&] { plant(judged); }, [&] { judged = seen; }},
        layer_of(seen.heard), "NVML's events, ECC counters and clock reasons" + limits);
  }

 private:
  static void measure(const Watched& one, const Seen& seen, protocol::CheckResult& result) {
    const auto note = [&](const char* name, double value, const char* unit) {
      result.measurements.push_back({name, value, unit, {}, "", {{"gpu", one.uuid}}});
    };
    note("hottest", seen.hottest, "C");
    note("most power", seen.most_watts, "W");
    note("highest SM clock", seen.highest_clock, "MHz");
    if (seen.busy > 0) note("lowest SM clock under load", seen.lowest_busy_clock, "MHz");
    note("samples", seen.samples, "");
    note("of them held by the power cap", seen.capped, "");
    note("of them slowed by heat or brake", seen.slowed, "");
  }

  static std::string summary_of(const Watching& it) {
    unsigned int hottest = 0, most_watts = 0;
    int capped = 0;
    for (const auto& [uuid, seen] : it.gpus) {
      hottest = std::max(hottest, seen.hottest);
      most_watts = std::max(most_watts, seen.most_watts);
      if (seen.capped > 0) capped = std::max({capped, 1, percent(seen.capped, seen.samples)});
    }
    std::string out = "at most " + std::to_string(hottest) + " C and " + std::to_string(most_watts) + " W";
    if (capped > 0) out += ", the power cap held the clock in " + std::to_string(capped) + " % of the samples";
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
    seen.slowed += 1;
    seen.reasons |= gpu::kNvmlHwThermal;
  }
};
ENVFORGE_CHECK(Watch);

}  // namespace
}  // namespace envforge::validator::nvml
