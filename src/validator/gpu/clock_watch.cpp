#include "gpu/clock_watch.hpp"

#include <algorithm>

#include "gpu/thresholds.hpp"

namespace envforge::validator::gpu {

void ClockWatch::take(const Sample& sample) {
  constexpr unsigned int kBusy = 50;  // percent of the time in which a kernel ran
  const unsigned long long reasons = sample.reasons.value_or(0);
  if ((reasons & kNvmlIdle) != 0 || sample.load.value_or(100) < kBusy) return;
  ++working_;
  row_ = (reasons & kFaultyReasons) != 0 ? row_ + 1 : 0;
  longest_row_ = std::max(longest_row_, row_);
  if (row_ > 0) {
    ++slowed_;
    faulty_ |= reasons & kFaultyReasons;
  }
  if (!sample.load || !sample.megahertz) return;
  ++clocks_[*sample.megahertz];
  if (!sample.reasons || (reasons & (kFaultyReasons | kNvmlPowerCap | kNvmlSyncBoost)) != 0) return;
  ++free_[*sample.megahertz];
  ++free_samples_;
  set_ = set_ || (reasons & kNvmlSetClocks) != 0;
}

bool ClockWatch::is_slowed() const {
  constexpr int kMoment = 3, kTwentieth = 20;
  return longest_row_ >= kMoment || (slowed_ >= kMoment && slowed_ * kTwentieth >= working_);
}

std::optional<unsigned int> ClockWatch::median_of(const Histogram& clocks) {
  int all = 0, seen = 0;
  for (const auto& [clock, samples] : clocks) all += samples;
  for (const auto& [clock, samples] : clocks) {
    seen += samples;
    if (2 * seen >= all) return clock;
  }
  return std::nullopt;
}

std::optional<unsigned int> ClockWatch::lowest() const {
  return clocks_.empty() ? std::nullopt : std::optional<unsigned int>(clocks_.begin()->first);
}

std::optional<unsigned int> ClockWatch::median() const {
  return median_of(clocks_);
}

std::optional<unsigned int> ClockWatch::held_at(unsigned int most) const {
  constexpr int kFewest = 10;  // one second
  const auto median = median_of(free_);
  if (!median || free_samples_ < kFewest || *median >= threshold_of("SM clock under load").lowest * most) {
    return std::nullopt;
  }
  return median;
}

}  // namespace envforge::validator::gpu
