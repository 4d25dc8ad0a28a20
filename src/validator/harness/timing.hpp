// Medians of repeated timings. The clock belongs to the caller (device events, or the steady clock).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <envforge/protocol/report.hpp>

namespace envforge::validator::harness {

struct Timing {
  double median = 0, fastest = 0, slowest = 0;  // seconds
  int samples = 0;
};

/// Calls `once`, which returns the seconds it took, until `warm_seconds` have passed (at least once), then `samples`
/// times for the result. Warming by time brings the clock up whatever the size.
Timing measure(const std::function<double()>& once, double warm_seconds, int samples);

/// The rates of single runs that move or compute `amount` each; nullopt when nothing was timed.
std::optional<protocol::Spread> spread_of_rate(const Timing& timing, double amount);

}  // namespace envforge::validator::harness
