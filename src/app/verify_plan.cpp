#include "verify_plan.hpp"

#include <algorithm>
#include <set>

#include <envforge/protocol/check_catalog.hpp>
#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using protocol::CheckInfo;
using protocol::Report;
using support::Error;
using support::ErrorCode;

// Groups that say something without a GPU: which libraries and machine code are there, and libtorch on the CPU.
const std::set<std::string> kGroupsWithoutGpu = {"audit", "container", "python", "torch"};

bool is_named(const std::string& name, const std::string& id) {
  return name == id || name == protocol::group_of(id);
}

bool names(const std::vector<std::string>& list, const std::string& id) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) { return is_named(name, id); });
}

void check_names(const std::vector<std::string>& list, const std::string& option) {
  auto known = protocol::known_checks();
  const auto& groups = protocol::known_groups();
  known.insert(known.end(), groups.begin(), groups.end());
  for (const auto& name : list) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = support::did_you_mean(name, known);
    throw Error(ErrorCode::kUsage, option + " names no check and no group: '" + support::printable(name) + "'",
                std::nullopt, near.empty() ? "the groups are " + support::join(groups, ", ") : near);
  }
}

bool suite_has_some_of(const std::string& name, protocol::Suite suite) {
  const auto& catalog = protocol::check_catalog();
  return std::any_of(catalog.begin(), catalog.end(), [&](const CheckInfo& check) {
    return is_named(name, check.id) && protocol::is_in_suite(check, suite);
  });
}

/// A check belongs to the run by its suite, or because it or its group is called by name. A required group of which the
/// suite has checks needs no others.
bool is_asked_for(const CheckInfo& check, const VerifyOptions& options, const Report& report) {
  if (names(options.skip, check.id)) return false;
  if (!options.only.empty()) return names(options.only, check.id);
  const auto suite = suite_of(report);
  return protocol::is_in_suite(check, suite) ||
         std::any_of(report.required.begin(), report.required.end(), [&](const std::string& name) {
           return name == check.id || (is_named(name, check.id) && !suite_has_some_of(name, suite));
         });
}

bool can_run(const CheckInfo& check, const VerifyOptions& options) {
  return options.gpus.kind != GpuSelection::Kind::kNone || kGroupsWithoutGpu.count(protocol::group_of(check.id)) > 0;
}

std::vector<std::string> selected(const VerifyOptions& options, const Report& report) {
  std::vector<std::string> out;
  for (const auto& check : protocol::check_catalog()) {
    if (is_asked_for(check, options, report) && can_run(check, options)) out.push_back(check.id);
  }
  return out;
}

}  // namespace

protocol::Suite suite_of(const Report& report) {
  const auto suite = protocol::suite_from(report.suite);
  if (!suite) throw Error(ErrorCode::kUsage, "no suite is called '" + support::printable(report.suite) + "'");
  return *suite;
}

void check_selection(const VerifyOptions& options, const Report& report) {
  if (options.minutes && suite_of(report) != protocol::Suite::kSoak)
    throw Error(ErrorCode::kUsage, "--minutes belongs to --suite soak, this run is of suite " + report.suite);
  check_names(options.require, "--require");
  check_names(options.only, "--only");
  check_names(options.skip, "--skip");
  const auto& catalog = protocol::check_catalog();
  const auto left = selected(options, report);
  const auto is_left = [&](const std::string& name) {
    return std::any_of(left.begin(), left.end(), [&](const std::string& id) { return is_named(name, id); });
  };
  for (const auto& name : options.only) {
    if (is_left(name)) continue;
    const bool skipped = std::all_of(catalog.begin(), catalog.end(), [&](const CheckInfo& check) {
      return !is_named(name, check.id) || names(options.skip, check.id);
    });
    if (skipped) {
      throw Error(ErrorCode::kUsage,
                  "--skip " + support::join(options.skip, ",") + " takes all of --only " + name + " away", std::nullopt,
                  "leave one of the two out");
    }
    throw Error(ErrorCode::kUsage, "--only " + name + " needs a GPU, and --gpus none was given", std::nullopt,
                "without a GPU the groups " +
                    support::join({kGroupsWithoutGpu.begin(), kGroupsWithoutGpu.end()}, ", ") + " can run");
  }
  if (left.empty()) {  // then --skip was given: every suite has checks that need no GPU
    throw Error(ErrorCode::kUsage, "--skip " + support::join(options.skip, ",") + " leaves no check to run",
                std::nullopt, "a verification without a check proves nothing; `envforge verify --list` names them all");
  }
}

bool wants_torch(const VerifyOptions& options, const Report& report) {
  const auto checks = selected(options, report);
  return std::any_of(checks.begin(), checks.end(), [](const auto& id) { return protocol::group_of(id) == "torch"; });
}

VerifyPlan make_plan(const VerifyOptions& options, const Report& report, const TorchGroup& torch) {
  VerifyPlan plan;
  for (const auto& id : selected(options, report)) {
    if (protocol::group_of(id) != "torch" || !torch.program.empty()) {
      plan.checks.push_back(id);
      continue;
    }
    protocol::CheckResult skipped;
    skipped.id = id;
    skipped.verdict = protocol::Verdict::kSkipped;
    skipped.reason = torch.why_absent;
    plan.torch_skipped.group = "torch";
    plan.torch_skipped.checks.push_back(skipped);
  }
  if (!options.only.empty()) plan.not_judged.push_back("only " + support::join(options.only, ", ") + " was asked for");
  if (!options.skip.empty()) plan.not_judged.push_back(support::join(options.skip, ", ") + " was left out on request");
  return plan;
}

}  // namespace envforge::app
