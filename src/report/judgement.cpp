#include <envforge/report/judgement.hpp>

#include <algorithm>

#include <nlohmann/json.hpp>

#include <envforge/protocol/measurement_identity.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "layout.hpp"
#include "rates.hpp"

namespace envforge::report {
namespace {

using protocol::CheckResult;
using protocol::Measurement;
using protocol::Report;
using protocol::Verdict;

std::string percent(double share) {
  return fixed(100 * share, 1) + " %";
}

std::string clock_text(const Measurement& m, const Measurement& reference) {
  const auto now = m.context.find("SM clock");
  const auto then = reference.context.find("SM clock");
  if (now == m.context.end() || then == reference.context.end()) return "";
  return "; the SM clock was " + now->second + " against " + then->second;
}

/// `rate` against `reference`: a finding when it is slower by more than is allowed.
std::optional<Finding> compare(const Rate& rate, const Measurement& reference, const std::string& reference_name) {
  const Threshold* threshold = threshold_of(rate.check->id, rate.measurement->unit);
  const Measurement& m = *rate.measurement;
  Finding finding;
  finding.allowed_share = allowed_share(*threshold, m, reference, finding.basis);
  if (m.value >= reference.value * (1 - finding.allowed_share)) return std::nullopt;
  finding.check = rate.check->id;
  finding.measurement = protocol::identity(m);
  finding.gpu = rate.check->gpu;
  finding.value = m.value;
  finding.reference = reference.value;
  finding.unit = m.unit;
  finding.figures = finding.measurement + ": " + figure(m.value) + " " + m.unit + ", " + reference_name + " " +
                    figure(reference.value) + ": " + percent(1 - m.value / reference.value) + " less, allowed are " +
                    percent(finding.allowed_share) + " (" + finding.basis + ")" + clock_text(m, reference);
  finding.text = finding.figures;
  return finding;
}

/// A layer is named only where one thing alone changed between the runs.
void attribute(const Report& now, const Report& then, Finding& finding) {
  const bool image = now.image_id != then.image_id;
  const bool driver = now.machine.driver != then.machine.driver;
  finding.mend = "nvidia-smi -q -d PERFORMANCE,CLOCK,TEMPERATURE,ECC on the host";
  finding.evidence = "image and driver are those of the earlier run";
  if (image && driver) {
    finding.layer = protocol::Layer::kNone;
    finding.evidence = "not known: image and driver both differ from the earlier run";
    finding.mend = "verify the earlier image again on this machine";
  } else if (driver) {
    finding.layer = protocol::Layer::kHostDriver;
    finding.evidence =
        "the driver was " + then.machine.driver + ", now " + now.machine.driver + "; the image is the same";
  } else if (image) {
    finding.layer = protocol::Layer::kImage;
    finding.evidence = "another image; the driver is the same, " + now.machine.driver;
    finding.mend = "envforge diff of the two reports names the libraries that changed";
  }
}

void compare_with(const EarlierReport& earlier, const Report& now, Judgement& out) {
  const Report& then = earlier.report;
  Baseline baseline{earlier.file, support::sha256_hex(support::canonical_json(protocol::to_json(then))), then.started,
                    0};
  std::vector<std::string> alone;
  for (const Rate& rate : rates_of(now)) {
    const auto counterpart = counterpart_of(rate, now, then);
    if (!counterpart) {
      alone.push_back(rate.check->id + " " + protocol::identity(*rate.measurement));
      continue;
    }
    ++baseline.compared;
    auto finding = compare(rate, *counterpart, "in the earlier run of " + then.started);
    if (!finding) continue;
    attribute(now, then, *finding);
    out.findings.push_back(std::move(*finding));
  }
  if (!alone.empty()) {
    std::sort(alone.begin(), alone.end());
    alone.erase(std::unique(alone.begin(), alone.end()), alone.end());
    out.sentences.push_back("no counterpart in the earlier run (another kind or number of GPUs, shape or check): " +
                            support::join(alone, "; "));
  }
  if (now.suite != then.suite) {
    out.sentences.push_back("the earlier run was of suite " + then.suite + ", this one of " + now.suite +
                            ": a GPU that worked longer is warmer and slower");
  }
  out.baseline = std::move(baseline);
}

void compare_gpus(const Report& report, Judgement& out) {
  for (const auto& peers : peers_of(report)) {
    const Measurement& reference = peer_reference(peers);
    const std::string name =
        peers.size() == 2 ? "the other GPU" : "the median of " + std::to_string(peers.size()) + " GPUs";
    for (const Rate& rate : peers) {
      auto finding = compare(rate, reference, name);
      if (!finding) continue;
      finding->kind = Finding::Kind::kSlowerThanItsPeers;
      finding->text = gpu_label(report, finding->gpu) + " is the slow one: " + finding->text;
      finding->evidence = "the GPUs of this run are of one kind and ran the same image";
      finding->mend = "nvidia-smi -q -d PERFORMANCE,CLOCK,TEMPERATURE,ECC -i " + finding->gpu + " on the host";
      out.findings.push_back(std::move(*finding));
    }
  }
}

}  // namespace

std::string gpu_label(const Report& report, const std::string& uuid) {
  if (uuid.empty()) return "";
  const auto& gpus = report.machine.gpus;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i].uuid == uuid) return "GPU " + std::to_string(i) + " (" + gpus[i].name + ", " + gpus[i].pci_bus_id + ")";
  }
  return uuid;
}

Judgement judge(const Report& report, const std::optional<EarlierReport>& earlier) {
  Judgement out;
  if (earlier) compare_with(*earlier, report, out);
  compare_gpus(report, out);
  return out;
}

Report with_judgement(const Report& report, const Judgement& judgement) {
  Report out = report;
  for (const Finding& finding : judgement.findings) {
    for (auto& group : out.groups) {
      for (CheckResult& check : group.checks) {
        if (check.id != finding.check || check.gpu != finding.gpu) continue;
        if (check.verdict == Verdict::kDegraded) {
          check.reason += "; " + finding.figures;
        } else if (check.verdict == Verdict::kPass) {
          check.verdict = Verdict::kDegraded;
          check.reason = finding.text;
          check.layer = finding.layer;
          check.evidence = finding.evidence;
          check.mend = finding.mend;
        }
      }
    }
  }
  for (const auto& sentence : judgement.sentences) out.not_judged.push_back(sentence);
  return out;
}

nlohmann::json to_json(const Judgement& judgement, const Report& judged) {
  nlohmann::json out = {{"verdict", to_string(protocol::overall(judged))},
                        {"findings", nlohmann::json::array()},
                        {"sentences", judgement.sentences}};
  if (judgement.baseline) {
    out["baseline"] = {{"file", judgement.baseline->file},
                       {"sha256", judgement.baseline->sha256},
                       {"started", judgement.baseline->started},
                       {"compared", judgement.baseline->compared}};
  }
  for (const Finding& f : judgement.findings) {
    const bool baseline = f.kind == Finding::Kind::kSlowerThanBaseline;
    out["findings"].push_back({{"kind", baseline ? "slower-than-baseline" : "slower-than-its-peers"},
                               {"check", f.check},
                               {"measurement", f.measurement},
                               {"gpu", f.gpu},
                               {"value", f.value},
                               {"reference", f.reference},
                               {"unit", f.unit},
                               {"allowed_share", f.allowed_share},
                               {"basis", f.basis},
                               {"text", f.text}});
  }
  return out;
}

}  // namespace envforge::report
