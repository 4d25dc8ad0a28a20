#include "harness/timing.hpp"

#include <algorithm>

namespace envforge::validator::harness {

Timing measure(const std::function<double()>& once, double warm_seconds, int samples) {
  double warmed = 0;
  do {
    warmed += std::max(once(), 1e-6);  // a clock that stands still must not make this endless
  } while (warmed < warm_seconds);
  std::vector<double> seconds;
  for (int i = 0; i < samples; ++i) seconds.push_back(once());
  std::sort(seconds.begin(), seconds.end());
  if (seconds.empty()) return {};
  return {seconds[seconds.size() / 2], seconds.front(), seconds.back(), samples};
}

std::optional<protocol::Spread> spread_of_rate(const Timing& timing, double amount) {
  if (timing.samples < 1 || timing.fastest <= 0) return std::nullopt;
  return protocol::Spread{amount / timing.slowest, amount / timing.fastest, timing.samples};
}

}  // namespace envforge::validator::harness
