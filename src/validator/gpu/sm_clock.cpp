#include "gpu/sm_clock.hpp"

#include <algorithm>

namespace envforge::validator::gpu {

std::optional<double> megahertz_between(const std::vector<Counters>& before, const std::vector<Counters>& after) {
  std::vector<double> clocks;
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (!before[i].read || !after[i].read || after[i].nanoseconds <= before[i].nanoseconds) continue;
    const auto cycles = static_cast<double>(after[i].cycles - before[i].cycles);
    clocks.push_back(cycles * 1e3 / static_cast<double>(after[i].nanoseconds - before[i].nanoseconds));
  }
  if (clocks.empty()) return std::nullopt;
  const auto middle = clocks.begin() + static_cast<std::ptrdiff_t>(clocks.size() / 2);
  std::nth_element(clocks.begin(), middle, clocks.end());
  return *middle > 0 ? std::optional<double>(*middle) : std::nullopt;
}

}  // namespace envforge::validator::gpu
