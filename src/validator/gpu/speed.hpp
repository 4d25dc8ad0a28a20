// How fast a product could be, from what the GPU says of itself: multiprocessors x multiply-adds per clock x clock.
// Used by the checks that time something; a model without a row for the GPU is no expectation.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <envforge/protocol/report.hpp>

#include "gpu/session.hpp"
#include "harness/timing.hpp"
#include "numbers/element.hpp"

namespace envforge::validator::gpu {

/// One run of what was timed, and the GPU meanwhile.
struct SpeedRun {
  harness::Timing timing;
  // The SM clock while it was timed, from the multiprocessors' own cycle counters: NVML's answer lags behind
  // (H200: it said 1,980 MHz of bf16 products that ran no faster than others of which it said 1,500).
  std::optional<double> megahertz;
  unsigned long long reasons = 0;  // NvmlReason bits under the same load: what held the clock down
};
SpeedRun time_on_gpu(Session& session, const std::function<void()>& enqueue, double warm_seconds, int samples);

/// Adds the throughput to `result`; makes a pass degraded when it lies below the threshold of `what` (thresholds.hpp)
/// at the observed clock and the request lets speed be judged.
void judge_speed(protocol::CheckResult& result, const harness::Context& context, Session& session, const SpeedRun& run,
                 double multiply_adds, numbers::Type input, const std::string& shape, const std::string& what);

/// Adds `m` to `result`, with its share of the model; makes a pass degraded when it lies below the threshold of `what`
/// (thresholds.hpp) and the request lets speed be judged. Without `m.expected` nothing is judged, and that is said;
/// nor where `m.context` says already why it is not ("judged").
void judge_against_model(protocol::CheckResult& result, const harness::Context& context, protocol::Measurement m,
                         const std::string& what, const std::string& mend);

}  // namespace envforge::validator::gpu
