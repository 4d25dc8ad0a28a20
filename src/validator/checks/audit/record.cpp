// Proves: torch's and NVIDIA's files still have the sizes, and as many as the suite has time for the SHA-256, that
//   their wheels recorded.
// Control: one bit of the recorded digest of one library is changed.
// Suite: quick
//
// Overwritten, truncated and patched files: a later pip install, a half-copied layer.
#include <algorithm>
#include <thread>

#include <envforge/support/text.hpp>

#include "audit/record.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::audit {
namespace {

using validator::audit::RecordFindings;
using validator::audit::RecordPlan;

/// Sizes are always compared; digests as long as the suite allows.
std::chrono::milliseconds budget_of(protocol::Suite suite) {
  if (suite == protocol::Suite::kQuick) return std::chrono::seconds(2);
  return suite == protocol::Suite::kStandard ? std::chrono::seconds(30) : std::chrono::seconds(600);
}

std::string gigabytes(std::uint64_t bytes) {
  return support::human_bytes(bytes);
}

class Record : public harness::Check {
  void run(harness::Context& context, protocol::CheckResult& result) override {
    const Session& session = context.session<Session>();
    const auto inventory = session.inventory();
    RecordPlan plan;
    plan.budget = budget_of(context.request().suite);
    plan.threads = std::max(1U, std::thread::hardware_concurrency());
    plan.seed = context.request().seed;
    std::size_t wheels = 0;
    for (const auto& distribution : inventory.distributions) {
      if (!validator::audit::is_of_torch(distribution.name)) continue;
      const auto files = read_record(session.root(), distribution);
      plan.files.insert(plan.files.end(), files.begin(), files.end());
      ++wheels;
    }
    RecordPlan small = smallest_library(plan);
    if (small.files.empty())
      throw harness::Skip("torch was not installed from wheels: there is no RECORD to compare with");

    context.doing("comparing " + std::to_string(plan.files.size()) + " files with their wheels");
    const RecordFindings found = compare_record(session.root(), plan);
    const auto compare = [&] {
      // The long comparison is done once; the control goes through the same function with one file.
      const RecordFindings again = compare_record(session.root(), small);
      harness::Comparison comparison;
      comparison.compared = found.sized + found.digested;
      comparison.wrong = found.differences.size() + again.differences.size();
      comparison.worst = static_cast<double>(comparison.wrong);
      return comparison;
    };
    const std::string original = small.files.front().sha256;
    const harness::Control control{"one bit of the digest of " + loader::file_name(small.files.front().path), 1,
                                   [&] { small.files.front().sha256[0] = original[0] == '0' ? '1' : '0'; },
                                   [&] { small.files.front().sha256 = original; }};
    result.summary = std::to_string(found.sized) + " files of " + std::to_string(wheels) +
                     " wheels have their sizes; " + std::to_string(found.digested) + " of " +
                     std::to_string(found.to_digest) + " libraries (" + gigabytes(found.digested_bytes) + " of " +
                     gigabytes(found.to_digest_bytes) + ") their SHA-256";
    judge(result, compare, control, protocol::Layer::kImage);
    if (result.verdict == protocol::Verdict::kFail) explain(found, result);
  }

  static RecordPlan smallest_library(const RecordPlan& plan) {
    RecordPlan out = plan;
    out.files.clear();
    out.threads = 1;
    out.budget = std::chrono::minutes(1);
    for (const auto& file : plan.files) {
      if (file.sha256.empty() || file.size.value_or(0) == 0 || !loader::is_library_name(file.path)) continue;
      if (out.files.empty()) out.files.push_back(file);
      if (*file.size < *out.files.front().size) out.files.front() = file;
    }
    return out;
  }

  static void explain(const RecordFindings& found, protocol::CheckResult& result) {
    constexpr std::size_t kShown = 5;
    std::vector<std::string> shown(
        found.differences.begin(),
        found.differences.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, found.differences.size())));
    if (found.differences.size() > kShown) {
      shown.push_back("and " + std::to_string(found.differences.size() - kShown) + " more");
    }
    result.reason = support::join(shown, "; ");
    result.evidence = "RECORD of the installed wheels";
    result.mend = "build the image again; no step after the installation may change these files";
  }
};

ENVFORGE_CHECK(Record);

}  // namespace
}  // namespace envforge::validator::checks::audit
