#include "gpu/speed.hpp"

#include <algorithm>
#include <cstdio>

#include "gpu/rates.hpp"
#include "gpu/thresholds.hpp"

namespace envforge::validator::gpu {
namespace {

using numbers::Type;
using protocol::Verdict;

std::string number(double value, const char* format) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

// What holds the clock down while the GPU is busy: the answer counts only if work was still under way when it came, for
// an idle GPU lets its clock go. NVML may take longer than the first load lasts.
unsigned long long reasons_under_load(Session& session, const std::function<void()>& enqueue, double run_seconds) {
  const Event last(session.device());
  void* handle = session.nvml()->whole(session.nvml()->device(session.uuid()));
  for (const double load_seconds : {0.03, 0.12, 0.48}) {
    const int runs = std::clamp(static_cast<int>(load_seconds / std::max(run_seconds, 1e-6)), 1, 2000);
    for (int i = 0; i < runs; ++i) enqueue();
    last.record();
    const Sample sample = session.nvml()->sample(handle);
    const bool was_busy = !last.happened();
    session.device().synchronize();
    if (was_busy) return sample.reasons.value_or(0);
  }
  return 0;
}

}  // namespace

SpeedRun time_on_gpu(Session& session, const std::function<void()>& enqueue, double warm_seconds, int samples) {
  const Device& device = session.device();
  const Event start(device), end(device);
  const auto once = [&] {
    start.record();
    enqueue();
    end.record();
    return end.seconds_since(start);
  };
  SpeedRun run;
  harness::measure(once, warm_seconds, 0);
  const auto before = session.kernels().counters();
  run.timing = harness::measure(once, 0, samples);
  run.megahertz = megahertz_between(before, session.kernels().counters());
  if (session.nvml()) run.reasons = reasons_under_load(session, enqueue, run.timing.median);
  return run;
}

void judge_speed(protocol::CheckResult& result, const harness::Context& context, Session& session, const SpeedRun& run,
                 double multiply_adds, Type input, const std::string& shape, const std::string& what) {
  const Threshold& threshold = threshold_of(what);
  protocol::Measurement m;
  m.name = "throughput " + numbers::to_string(input);
  m.unit = "TFLOP/s";
  m.value = 2 * multiply_adds / run.timing.median / 1e12;
  m.context = {{"shape", shape},
               {"dtype", numbers::to_string(input)},
               {"samples", std::to_string(run.timing.samples)},
               {"median", number(run.timing.median * 1e3, "%.4f ms")},
               {"fastest", number(run.timing.fastest * 1e3, "%.4f ms")},
               {"slowest", number(run.timing.slowest * 1e3, "%.4f ms")}};
  m.spread = harness::spread_of_rate(run.timing, 2 * multiply_adds / 1e12);
  const protocol::GpuInfo& gpu = context.request().gpus.front();
  const auto rate =
      multiply_adds_per_clock(session.device().capability(), input, gpu.name.find("GeForce") != std::string::npos);
  const std::string clock = run.megahertz ? number(*run.megahertz, "%.0f MHz") : "";
  if (run.megahertz) m.context["SM clock"] = clock;
  const std::string held = text_of_reasons(run.reasons);
  if (!held.empty()) m.context["throttling"] = held;
  if (rate && run.megahertz) {
    const int sms = session.device().multiprocessors();
    m.expected = 2.0 * sms * *rate * *run.megahertz * 1e6 / 1e12;
    m.derivation =
        std::to_string(sms) + " SM x " + std::to_string(*rate) + " FMA x 2 x " + clock + ", by the SMs' cycle counters";
    m.context["fraction"] = number(m.value / *m.expected, "%.3f");
  }
  const bool slow = m.expected && m.value < threshold.lowest * *m.expected;
  const std::string text = number(m.value, "%.1f TFLOP/s") + (m.expected ? " of " + number(*m.expected, "%.1f") : "");
  if (!context.request().judge_speed) {
    m.context["judged"] = "no: other processes use this GPU";
  } else if (!m.expected) {
    m.context["judged"] = "no: the model has no row for this GPU, or its clock under load is not known";
  } else if (gpu.mig) {
    m.context["judged"] = "no: the thresholds are of whole GPUs, and this is a slice (MIG)";
  } else if (slow && result.verdict == Verdict::kPass) {
    result.verdict = Verdict::kDegraded;
    result.reason = numbers::to_string(input) + " runs at " + text + " by the model, below " +
                    number(threshold.lowest * 100, "%.0f %%");
    result.layer = protocol::Layer::kHardware;
    result.evidence = m.derivation + (held.empty() ? "" : "; the clock was held down by: " + held) +
                      "; threshold: " + threshold.source;
    result.mend = "nvidia-smi -q -d PERFORMANCE,CLOCK,TEMPERATURE on the host";
  }
  result.measurements.push_back(std::move(m));
}

void judge_against_model(protocol::CheckResult& result, const harness::Context& context, protocol::Measurement m,
                         const std::string& what, const std::string& mend) {
  const Threshold& threshold = threshold_of(what);
  if (m.expected) m.context["fraction"] = number(m.value / *m.expected, "%.3f");
  if (m.context.count("judged") != 0) {
    // The caller knows a reason against it.
  } else if (!context.request().judge_speed) {
    m.context["judged"] = "no: other processes use this GPU";
  } else if (!m.expected) {
    m.context["judged"] = "no: the model lacks a number that this machine does not tell";
  } else if (m.value < threshold.lowest * *m.expected && result.verdict == Verdict::kPass) {
    result.verdict = Verdict::kDegraded;
    result.reason = what + ": " + number(m.value, "%.1f ") + m.unit + " of " + number(*m.expected, "%.1f") +
                    " by the model, below " + number(threshold.lowest * 100, "%.0f %%");
    result.layer = protocol::Layer::kHardware;
    result.evidence = m.derivation + "; threshold: " + threshold.source;
    result.mend = mend;
  }
  result.measurements.push_back(std::move(m));
}

}  // namespace envforge::validator::gpu
