#include "rates.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>

#include <envforge/protocol/measurement_identity.hpp>
#include <envforge/report/judgement.hpp>
#include <envforge/support/text.hpp>

#include "layout.hpp"

namespace envforge::report {

using protocol::CheckResult;
using protocol::Measurement;
using protocol::Report;
using protocol::Verdict;

namespace {

// Below this the time of a copy or a collective is mostly that of starting it, and how much that varies from run to run
// was not measured.
constexpr double kLeastJudgedBytes = 64 << 20;

bool is_judged(const Measurement& m) {
  const auto size = size_of(m);
  if (size && size->bytes < kLeastJudgedBytes) return false;
  const auto judged = m.context.find("judged");
  return judged == m.context.end() || !support::starts_with(judged->second, "no");
}

bool goes_through_host(const Measurement& m) {
  return m.context.count("through") != 0;
}

bool same(const Rate& a, const Rate& b) {
  return a.check->id == b.check->id && a.measurement->unit == b.measurement->unit &&
         protocol::identity(*a.measurement) == protocol::identity(*b.measurement);
}

}  // namespace

const std::vector<Threshold>& thresholds() {
  static const std::vector<Threshold> rows = {
      {"cudnn.conv-normal", "TFLOP/s", 0.25,
       "four rounds of a soak on one H200: 442 to 538 TFLOP/s, 18 % below the highest; docs/measurements.md",
       "2026-11-21"},
      {"", "TFLOP/s", 0.10,
       "docs/evidence: one H200 in a quick and in a standard run differed by 8.2 % (fp16 8192^3, 1515 against 1380 "
       "MHz), "
       "two H200s of one host by 3.1 % at most; four rounds of a soak by 4.8 % at most",
       "2026-11-21"},
      {"", "GB/s", 0.10,
       "docs/evidence: the all-reduce of two H200s differed by 0.2 % between two runs; the share is that of TFLOP/s",
       "2026-11-21"},
      {"", "TB/s", 0.10, "as GB/s", "2026-11-21"}};
  return rows;
}

const Threshold* threshold_of(const std::string& check, const std::string& unit) {
  for (const Threshold& row : thresholds()) {
    if (unit == row.unit && (check == row.check || *row.check == '\0')) return &row;
  }
  return nullptr;
}

std::optional<double> size_in_bytes(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || !std::isfinite(number) || number < 0) return std::nullopt;
  std::string unit(end);
  unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size() : unit.find_first_not_of(' '));
  static const std::map<std::string, double> kUnits = {
      {"", 1},     {"B", 1},    {"bytes", 1}, {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0},
      {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6},  {"GB", 1e9}};
  const auto known = kUnits.find(unit);
  if (known == kUnits.end()) return std::nullopt;
  return number * known->second;
}

std::optional<MeasuredSize> size_of(const Measurement& m) {
  for (const char* key : {"bytes", "size", "bytes per rank", "message", "bytes per copy"}) {
    const auto text = m.context.find(key);
    const auto bytes = text == m.context.end() ? std::nullopt : size_in_bytes(text->second);
    if (bytes) return MeasuredSize{key, *bytes};
  }
  return std::nullopt;
}

double noise_of(const Measurement& m) {
  if (!m.spread || m.spread->samples < 2 || m.value == 0) return 0;
  // The expected range of n normal samples in standard deviations (the constant d2 of control charts), for the largest
  // n of the table that is not above the samples: too large a noise rather than too small a one.
  static constexpr std::array<std::pair<int, double>, 12> kRange{{{2, 1.128},
                                                                  {3, 1.693},
                                                                  {4, 2.059},
                                                                  {5, 2.326},
                                                                  {6, 2.534},
                                                                  {8, 2.847},
                                                                  {10, 3.078},
                                                                  {15, 3.472},
                                                                  {20, 3.735},
                                                                  {25, 3.931},
                                                                  {50, 4.498},
                                                                  {100, 5.015}}};
  double range = kRange.front().second;
  for (const auto& [samples, value] : kRange) {
    if (samples <= m.spread->samples) range = value;
  }
  const double deviation = (m.spread->highest - m.spread->lowest) / range;
  constexpr double kMedian = 1.2533;  // sqrt(pi / 2): a median scatters that much more than a mean
  return kMedian * deviation / std::sqrt(m.spread->samples) / std::fabs(m.value);
}

double allowed_share(const Threshold& threshold, const Measurement& now, const Measurement& reference,
                     std::string& basis) {
  const double noise = 3 * std::hypot(noise_of(now), noise_of(reference));
  basis = noise > threshold.share ? "three standard errors of these samples" : "the stated share";
  return std::max(noise, threshold.share);
}

std::vector<Rate> rates_of(const Report& report) {
  std::vector<Rate> out;
  for (const auto& group : report.groups) {
    for (const CheckResult& check : group.checks) {
      if (check.verdict != Verdict::kPass && check.verdict != Verdict::kDegraded) continue;
      for (const Measurement& m : check.measurements) {
        if (threshold_of(check.id, m.unit) != nullptr && m.value > 0 && is_judged(m)) out.push_back({&check, &m});
      }
    }
  }
  return out;
}

std::string gpu_kind(const Report& report, const std::string& uuid) {
  std::map<std::string, int> names;
  for (const auto& gpu : report.machine.gpus) {
    const std::string name = gpu.name + (gpu.mig ? " (MIG)" : "");
    if (gpu.uuid == uuid) return name;
    ++names[name];
  }
  std::vector<std::string> out;
  for (const auto& [name, count] : names) out.push_back(std::to_string(count) + " x " + name);
  return support::join(out, ", ");
}

std::optional<Measurement> counterpart_of(const Rate& rate, const Report& now, const Report& then) {
  const std::string kind = gpu_kind(now, rate.check->gpu);
  const bool same_crowd = now.machine.gpus.size() == then.machine.gpus.size();
  if (goes_through_host(*rate.measurement) && !same_crowd) return std::nullopt;
  std::vector<Rate> found;
  for (const Rate& one : rates_of(then)) {
    if (!same(rate, one) || gpu_kind(then, one.check->gpu) != kind) continue;
    if (one.check->gpu == rate.check->gpu) return *one.measurement;
    found.push_back(one);
  }
  if (found.empty()) return std::nullopt;
  std::sort(found.begin(), found.end(),
            [](const Rate& a, const Rate& b) { return a.measurement->value < b.measurement->value; });
  return *found[found.size() / 2].measurement;
}

const Measurement& peer_reference(const std::vector<Rate>& peers) {
  std::vector<Rate> sorted = peers;
  std::sort(sorted.begin(), sorted.end(),
            [](const Rate& a, const Rate& b) { return a.measurement->value < b.measurement->value; });
  return *sorted[sorted.size() / 2].measurement;
}

std::vector<std::vector<Rate>> peers_of(const Report& report) {
  std::vector<std::vector<Rate>> sets;
  for (const Rate& rate : rates_of(report)) {
    if (rate.check->gpu.empty() || goes_through_host(*rate.measurement)) continue;
    const std::string kind = gpu_kind(report, rate.check->gpu);
    const auto known = std::find_if(sets.begin(), sets.end(), [&](const std::vector<Rate>& set) {
      return same(set.front(), rate) && gpu_kind(report, set.front().check->gpu) == kind;
    });
    if (known == sets.end()) {
      sets.push_back({rate});
    } else {
      known->push_back(rate);
    }
  }
  sets.erase(std::remove_if(sets.begin(), sets.end(), [](const auto& set) { return set.size() < 2; }), sets.end());
  return sets;
}

}  // namespace envforge::report
