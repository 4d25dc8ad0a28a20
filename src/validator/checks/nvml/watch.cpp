// Proves: while the other groups worked no GPU reported an Xid or a memory error, and neither heat nor a power brake
//   slowed one down.
// Control: none, NVML's events and counters are read as they come.
// Suite: quick
//
// Runs beside the groups that are timed, from their beginning to their end. A power cap that holds the clock down is
// how a board under full load is meant to work: it is said, and no fault.
#include <algorithm>
#include <cstdio>
#include <map>

#include "checks/nvml/session.hpp"
#include "gpu/xids.hpp"

namespace envforge::validator::nvml {
namespace {

using harness::Context;
using harness::Failure;
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
  unsigned long long errors_before = 0;
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

[[noreturn]] void fail_for(const std::string& uuid, const gpu::NvmlEvent& event) {
  if (event.type == gpu::kNvmlEventDoubleBitError) {
    throw Failure(uuid + " reported a double-bit memory error during the run", Layer::kHardware, "an event of NVML",
                  "nvidia-smi --gpu-reset -i " + uuid);
  }
  const auto* xid = gpu::find_xid(static_cast<int>(event.data));
  const std::string what = uuid + " reported Xid " + std::to_string(event.data) + " during the run";
  if (xid == nullptr) {
    throw Failure(what, Layer::kHostDriver, "an event of NVML",
                  "look it up in NVIDIA's list of Xid errors; dmesg on the host");
  }
  throw Failure(what + ": " + xid->meaning, xid->layer, "an event of NVML", xid->mend);
}

class Watch : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    const Events events(session.nvml->api(), session.gpus);
    std::map<std::string, Seen> seen;
    for (const Watched& one : session.gpus) {
      seen[one.uuid].errors_before = session.nvml->memory_health(one.board).uncorrected_now.value_or(0);
    }
    context.doing("watching clocks, heat and errors");
    std::optional<gpu::NvmlEvent> event;
    bool done = false;
    while (!done) {
      done = context.enough(kEvery);
      for (const Watched& one : session.gpus) take(seen[one.uuid], session.nvml->sample(one.board));
      if (!event) event = events.next();
    }
    for (const Watched& one : session.gpus) measure(one, seen[one.uuid], result);
    if (event) fail_for(uuid_of(session.gpus, event->device), *event);
    for (const Watched& one : session.gpus) judge(session, one, seen[one.uuid], result);
    result.summary += events.any() ? "; no Xid" : "; Xids are not told in this container";
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

  static void judge(Session& session, const Watched& one, const Seen& seen, protocol::CheckResult& result) {
    const auto errors = session.nvml->memory_health(one.board).uncorrected_now.value_or(0);
    if (errors > seen.errors_before) {
      throw Failure(one.uuid + ": " + std::to_string(errors - seen.errors_before) +
                        " memory errors that could not be corrected, during the run",
                    Layer::kHardware, "nvmlDeviceGetTotalEccErrors before and after",
                    "nvidia-smi --gpu-reset -i " + one.uuid);
    }
    if (result.verdict == protocol::Verdict::kDegraded) return;
    result.verdict = protocol::Verdict::kPass;
    result.summary = "at most " + std::to_string(seen.hottest) + " C and " + std::to_string(seen.most_watts) + " W";
    if (seen.capped > 0) {
      result.summary +=
          ", the power cap held the clock in " + std::to_string(100 * seen.capped / seen.samples) + " % of the samples";
    }
    if (seen.slowed == 0) return;
    result.verdict = protocol::Verdict::kDegraded;
    result.reason = one.uuid + " was slowed down in " + std::to_string(100 * seen.slowed / seen.samples) +
                    " % of the samples: " + gpu::text_of_reasons(seen.reasons & kFaulty) + ", at up to " +
                    std::to_string(seen.hottest) + " C";
    result.layer = Layer::kHardware;
    const auto limit = session.nvml->slowdown_celsius(one.board);
    result.evidence = limit ? "the GPU slows down at " + std::to_string(*limit) + " C" : "NVML's clock reasons";
    result.mend = "check fans, air flow and power supply; nvidia-smi -q -d PERFORMANCE,TEMPERATURE on the host";
  }
};
ENVFORGE_CHECK(Watch);

}  // namespace
}  // namespace envforge::validator::nvml
