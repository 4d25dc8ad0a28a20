#include "driver/rounds.hpp"

#include <algorithm>

#include <envforge/protocol/badness.hpp>
#include <envforge/protocol/measurement_identity.hpp>

namespace envforge::validator::driver {
namespace {

using protocol::CheckResult;
using protocol::GroupResult;
using protocol::Measurement;
using protocol::Verdict;

// A check that fails in each of thousands of rounds fills no disk.
constexpr std::size_t kMostFailures = 1000;

}  // namespace

// Which of hardware and host took it is not known here; the check of the device files may know.
void tell_lost_gpus(const std::vector<protocol::GpuInfo>& before, const std::vector<protocol::GpuInfo>& now,
                    std::vector<GroupResult>& groups) {
  for (const auto& gpu : before) {
    if (std::any_of(now.begin(), now.end(), [&](const auto& one) { return one.uuid == gpu.uuid; })) continue;
    for (auto& group : groups) {
      for (auto& check : group.checks) {
        if (check.id != "container.gpus") continue;
        check.reason = (check.verdict == Verdict::kFail ? check.reason + "; " : "") + "GPU " + gpu.uuid +
                       " was there when the run began and is gone";
        check.verdict = Verdict::kFail;
        if (check.evidence.empty()) check.evidence = "the first round saw it";
        if (check.mend.empty()) {
          check.mend =
              "dmesg | grep Xid on the host; `systemctl daemon-reload` there takes devices from running containers";
        }
      }
    }
  }
}

void Rounds::add(const std::vector<GroupResult>& groups, double second) {
  ++count_;
  for (const GroupResult& group : groups) {
    auto known = std::find_if(groups_.begin(), groups_.end(),
                              [&](const GroupRounds& one) { return one.whole.group == group.group; });
    if (known == groups_.end()) known = groups_.insert(groups_.end(), GroupRounds{{group.group, {}, {}, 0}, {}});
    known->whole.seconds += group.seconds;
    for (const auto& library : group.libraries) {
      auto& libraries = known->whole.libraries;
      const bool there =
          std::any_of(libraries.begin(), libraries.end(), [&](const auto& one) { return one.path == library.path; });
      if (!there) libraries.push_back(library);
    }
    for (const CheckResult& check : group.checks) add_check(*known, check, second);
  }
}

void Rounds::add_check(GroupRounds& group, const CheckResult& check, double second) {
  auto known = std::find_if(group.checks.begin(), group.checks.end(), [&](const CheckRounds& one) {
    return one.worst.id == check.id && one.worst.gpu == check.gpu;
  });
  if (known == group.checks.end()) {
    CheckRounds fresh{check, {}};
    fresh.worst.rounds = 0;
    fresh.worst.seconds = 0;
    fresh.worst.recomputed = 0;
    known = group.checks.insert(group.checks.end(), std::move(fresh));
  }
  CheckResult sums = known->worst;
  if (protocol::badness(check.verdict) > protocol::badness(known->worst.verdict)) known->worst = check;
  known->worst.rounds = sums.rounds + 1;
  known->worst.seconds = sums.seconds + check.seconds;
  known->worst.recomputed = sums.recomputed + check.recomputed;
  known->worst.failures = std::move(sums.failures);
  if (protocol::badness(check.verdict) > protocol::badness(Verdict::kPass) &&
      known->worst.failures.size() < kMostFailures) {
    known->worst.failures.push_back({count_, second, check.verdict, check.reason});
  }
  add_measurements(*known, check.measurements);
}

void Rounds::add_measurements(CheckRounds& rounds, const std::vector<Measurement>& measurements) {
  for (const Measurement& one : measurements) {
    const std::string name = protocol::identity(one);
    auto known = std::find_if(rounds.series.begin(), rounds.series.end(), [&](const Series& series) {
      return series.first.unit == one.unit && protocol::identity(series.first) == name;
    });
    if (known == rounds.series.end()) known = rounds.series.insert(rounds.series.end(), Series{one, {}});
    known->values.emplace_back(one.value, one.expected);
  }
}

Measurement Rounds::merged_measurement(const Series& series) {
  Measurement out = series.first;
  auto values = series.values;
  if (values.size() < 2) return out;
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto& median = values[values.size() / 2];
  out.value = median.first;
  // Clock, and with it the expectation, are those of the round whose value is told; its derivation was not kept.
  if (out.expected != median.second) out.derivation = "by the model at the clock of that round";
  out.expected = median.second;
  out.spread = protocol::Spread{values.front().first, values.back().first, static_cast<int>(values.size())};
  for (auto it = out.context.begin(); it != out.context.end();) {
    it = protocol::is_circumstance(it->first) ? out.context.erase(it) : std::next(it);
  }
  return out;
}

std::vector<GroupResult> Rounds::merged() const {
  std::vector<GroupResult> out;
  for (const GroupRounds& group : groups_) {
    GroupResult whole = group.whole;
    for (const CheckRounds& check : group.checks) {
      CheckResult result = check.worst;
      result.measurements.clear();
      for (const Series& series : check.series) result.measurements.push_back(merged_measurement(series));
      whole.checks.push_back(std::move(result));
    }
    out.push_back(std::move(whole));
  }
  return out;
}

}  // namespace envforge::validator::driver
