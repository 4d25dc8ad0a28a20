// What the host judges from finished reports: against an earlier run, and the GPUs of one machine against each other.
// Pure: anyone who has the reports can derive it again, so it stands outside the part that the driver sealed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

/// How much slower a rate may be before that is said. Units without a row are not judged; a row of a check goes before
/// that of its unit alone.
struct Threshold {
  const char* check;  // "" = all
  const char* unit;
  double share;         // of the reference
  const char* source;   // what was measured, and where it stands
  const char* checked;  // date
};
const std::vector<Threshold>& thresholds();
/// nullptr for a unit that is not judged: sizes, counts, times.
const Threshold* threshold_of(const std::string& check, const std::string& unit);

/// Standard error of a measurement's median as a share of it, from the range of its samples; 0 when there is one
/// sample.
double noise_of(const protocol::Measurement& measurement);
/// The larger of the stated share and three standard errors of the difference; `basis` says which.
double allowed_share(const Threshold& threshold, const protocol::Measurement& now,
                     const protocol::Measurement& reference, std::string& basis);

struct Finding {
  enum class Kind { kSlowerThanBaseline, kSlowerThanItsPeers };
  Kind kind = Kind::kSlowerThanBaseline;
  std::string check, measurement;
  std::string gpu;  // UUID; "" = all
  double value = 0, reference = 0;
  std::string unit;
  double allowed_share = 0;
  std::string basis;
  std::string figures;  // one sentence with both figures
  std::string text;     // the same, behind the name of the GPU that is slow
  protocol::Layer layer = protocol::Layer::kHardware;
  std::string evidence, mend;
};

struct Baseline {
  std::string file, sha256, started;
  int compared = 0;  // measurements with a counterpart
};

struct Judgement {
  std::optional<Baseline> baseline;
  std::vector<Finding> findings;
  std::vector<std::string> sentences;  // what could not be compared
};

struct EarlierReport {
  protocol::Report report;
  std::string file;
};

Judgement judge(const protocol::Report& report, const std::optional<EarlierReport>& earlier);
/// The report with each finding's check degraded: what is shown to people, and whose verdict gives the exit code.
protocol::Report with_judgement(const protocol::Report& report, const Judgement& judgement);
/// The member `host` of the document that verify writes.
nlohmann::json to_json(const Judgement& judgement, const protocol::Report& judged);

/// "GPU 1 (NVIDIA H200, 0000:1b:00.0)" of a UUID; "" for "".
std::string gpu_label(const protocol::Report& report, const std::string& uuid);

}  // namespace envforge::report
