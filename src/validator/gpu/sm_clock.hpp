// The clock that the multiprocessors really ran at, from their own counters. Used where speed is judged by a model.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace envforge::validator::gpu {

/// What a multiprocessor counts, read by a block that ran on it.
struct Counters {
  bool read = false;
  std::uint64_t cycles = 0, nanoseconds = 0;
};
/// The SM clock between two readings in MHz: the median over the multiprocessors that are in both. nullopt where none
/// is, or where nothing was counted.
std::optional<double> megahertz_between(const std::vector<Counters>& before, const std::vector<Counters>& after);

}  // namespace envforge::validator::gpu
