// The rounds of a soak, merged into one result for each check: the worst verdict, every failure, and lowest, median and
// highest of each measurement. Pure. Used by Session.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <envforge/protocol/report.hpp>

namespace envforge::validator::driver {

/// Fails this round's check container.gpus for each GPU of `before` that is not among `now`.
void tell_lost_gpus(const std::vector<protocol::GpuInfo>& before, const std::vector<protocol::GpuInfo>& now,
                    std::vector<protocol::GroupResult>& groups);

class Rounds {
 public:
  /// The results of one round that began `second` seconds after the run did.
  void add(const std::vector<protocol::GroupResult>& groups, double second);
  int count() const { return count_; }
  /// In the order in which groups and checks first appeared.
  std::vector<protocol::GroupResult> merged() const;

 private:
  /// Only figures are kept of each round: a soak has thousands.
  struct Series {
    protocol::Measurement first;
    std::vector<std::pair<double, std::optional<double>>> values;  // measured, expected
  };
  struct CheckRounds {
    protocol::CheckResult worst;
    std::vector<Series> series;
  };
  struct GroupRounds {
    protocol::GroupResult whole;  // its checks stand in `checks`
    std::vector<CheckRounds> checks;
  };

  void add_check(GroupRounds& group, const protocol::CheckResult& check, double second);
  static void add_measurements(CheckRounds& rounds, const std::vector<protocol::Measurement>& measurements);
  static protocol::Measurement merged_measurement(const Series& series);

  int count_ = 0;
  std::vector<GroupRounds> groups_;
};

}  // namespace envforge::validator::driver
