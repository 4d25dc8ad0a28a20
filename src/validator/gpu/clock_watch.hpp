// What held a GPU's clock down while it worked, out of samples. Pure. Used by the check nvml.watch.
#pragma once

#include <map>
#include <optional>

#include "gpu/nvml_api.hpp"

namespace envforge::validator::gpu {

/// Reasons that a fault of cooling or power supply is behind.
inline constexpr unsigned long long kFaultyReasons =
    kNvmlHwSlowdown | kNvmlSwThermal | kNvmlHwThermal | kNvmlPowerBrake;

class ClockWatch {
 public:
  void take(const Sample& sample);

  /// Samples in which the GPU worked: at least half of the time, by NVML, or where it tells no load (the board of a
  /// slice) whenever it was not idle.
  int working() const { return working_; }
  /// Those of them that heat or a brake slowed, and by what.
  int slowed() const { return slowed_; }
  unsigned long long faulty_reasons() const { return faulty_; }
  /// Whether they are more than a moment's: three in a row, or three and a twentieth of all.
  bool is_slowed() const;

  /// MHz of the SMs while it worked; nullopt without a sample.
  std::optional<unsigned int> lowest() const;
  std::optional<unsigned int> median() const;
  /// The median of those samples in which neither power nor heat nor another GPU held the clock, where it is below the
  /// threshold of `most`; nullopt otherwise, and where they are too few.
  std::optional<unsigned int> held_at(unsigned int most) const;
  /// Whether the driver said of such a sample that the clocks were set.
  bool clocks_were_set() const { return set_; }

 private:
  using Histogram = std::map<unsigned int, int>;  // a soak has more samples than it has clocks
  static std::optional<unsigned int> median_of(const Histogram& clocks);

  int working_ = 0, slowed_ = 0, row_ = 0, longest_row_ = 0, free_samples_ = 0;
  unsigned long long faulty_ = 0;
  Histogram clocks_, free_;
  bool set_ = false;
};

}  // namespace envforge::validator::gpu
