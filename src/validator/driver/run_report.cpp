#include "driver/run_report.hpp"

#include <algorithm>
#include <utility>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/text.hpp>

namespace envforge::validator::driver {
namespace {

using protocol::CheckResult;
using protocol::GroupResult;

GroupResult& results_of(protocol::Report& report, const std::string& name) {
  for (auto& group : report.groups) {
    if (group.group == name) return group;
  }
  report.groups.push_back({name, {}, {}, 0});
  return report.groups.back();
}

template <class Unwanted>
void forget(protocol::Report& report, const Unwanted& unwanted) {
  for (auto& group : report.groups) {
    group.checks.erase(std::remove_if(group.checks.begin(), group.checks.end(), unwanted), group.checks.end());
  }
  report.groups.erase(
      std::remove_if(report.groups.begin(), report.groups.end(),
                     [](const GroupResult& group) { return group.checks.empty() && group.libraries.empty(); }),
      report.groups.end());
}

// The groups of which no check ran, by the reason of their first one.
std::vector<std::pair<std::string, std::vector<std::string>>> skipped_groups(const protocol::Report& report) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  for (const auto& group : report.groups) {
    const bool all = !group.checks.empty() &&
                     std::all_of(group.checks.begin(), group.checks.end(),
                                 [](const CheckResult& check) { return check.verdict == protocol::Verdict::kSkipped; });
    if (!all) continue;
    const std::string& reason = group.checks.front().reason;
    auto known = std::find_if(out.begin(), out.end(), [&](const auto& row) { return row.first == reason; });
    if (known == out.end()) known = out.insert(out.end(), {reason, {}});
    known->second.push_back(group.group);
  }
  return out;
}

}  // namespace

void collect(protocol::Report& report, const Job& job, const Conversation& conversation, double seconds) {
  GroupResult& group = results_of(report, job.group);
  for (CheckResult result : conversation.results()) {
    if (job.gpus.size() == 1) result.gpu = job.gpus.front().uuid;
    group.checks.push_back(std::move(result));
  }
  for (const auto& library : conversation.libraries()) {
    const bool known = std::any_of(group.libraries.begin(), group.libraries.end(),
                                   [&](const protocol::LoadedLibrary& l) { return l.path == library.path; });
    if (!known) group.libraries.push_back(library);
  }
  group.seconds += seconds;
}

void settle(protocol::Report& report, const Job& job, protocol::Verdict verdict, const std::string& reason) {
  for (const auto& id : job.checks) {
    CheckResult result;
    result.id = id;
    result.verdict = verdict;
    result.reason = reason;
    if (job.gpus.size() == 1) result.gpu = job.gpus.front().uuid;
    results_of(report, job.group).checks.push_back(std::move(result));
  }
}

void forget_interrupted(protocol::Report& report) {
  forget(report, protocol::was_interrupted);
}

void forget_unless_wrong(protocol::Report& report, const std::string& id) {
  forget(report, [&](const CheckResult& check) {
    return check.id == id &&
           (check.verdict == protocol::Verdict::kPass || check.verdict == protocol::Verdict::kSkipped);
  });
}

void finish(protocol::Report& report, const std::vector<std::string>& asked, int expected_gpus) {
  for (const auto& id : asked) {
    bool found = false;
    for (const auto& group : report.groups) {
      for (const auto& check : group.checks) found = found || check.id == id;
    }
    if (!found) {
      settle(report, {protocol::group_of(id), {id}, {}, false}, protocol::Verdict::kError, "no result of this check");
    }
  }
  if (report.machine.gpus.empty() || expected_gpus == 0) report.not_judged.push_back("the GPU was not tested");
  for (const auto& gpu : report.machine.gpus) {
    if (!gpu.used_by.empty()) report.not_judged.push_back("speed on " + gpu.uuid + ": other processes use this GPU");
  }
  for (const auto& [reason, groups] : skipped_groups(report)) {
    report.not_judged.push_back(support::join(groups, ", ") + ": " + reason);
  }
  report.not_judged.push_back("a library of the image that computes rightly and does other things besides");
}

protocol::Report refuse(const protocol::DriverRequest& request, const Preload& why) {
  protocol::Report report = request.report;
  for (const auto& id : request.group.checks) {
    CheckResult result;
    result.id = id;
    result.verdict = protocol::Verdict::kFail;
    result.reason = "not started: " + why.what;
    result.layer = why.layer;
    result.mend = why.mend;
    results_of(report, protocol::group_of(id)).checks.push_back(std::move(result));
  }
  report.not_judged.push_back("anything: " + why.what);
  return report;
}

}  // namespace envforge::validator::driver
