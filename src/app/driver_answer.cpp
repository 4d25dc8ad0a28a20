#include "driver_answer.hpp"

#include <algorithm>
#include <set>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;

// The driver adds checks of the container where it needs them to find the GPUs.
constexpr const char* kOfTheDriver = "container";

// What else a program in the driver's place may have been given: the request with the run's key.
std::string without(std::string text, const std::string& secret) {
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret))
    text.replace(at, secret.size(), "***");
  return text;
}

VerifyResult sealed_report(const process::Outcome& outcome, const std::string& key) {
  const auto candidates = protocol::find_sealed(outcome.out);
  for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
    try {
      return {protocol::open_sealed(*candidate, key, "the validator's report"), *candidate, false};
    } catch (const Error& error) {
      if (candidate + 1 == candidates.rend()) throw;
    }
  }
  Error error(ErrorCode::kValidatorBroken, "the validator's driver ended without a report");
  for (const auto& line : support::split(support::trim(without(outcome.err, key)), '\n'))
    error.note(support::printable(line));
  throw error;
}

void hold_against(const VerifyPlan& plan, const protocol::Report& report) {
  std::set<std::string> told, asked(plan.checks.begin(), plan.checks.end());
  for (const auto& check : plan.torch_skipped.checks) asked.insert(check.id);
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) told.insert(check.id);
  }
  std::vector<std::string> wrong;
  for (const auto& id : asked) {
    if (told.count(id) == 0) wrong.push_back(id + " is missing");
  }
  for (const auto& id : told) {
    if (asked.count(id) == 0 && protocol::group_of(id) != kOfTheDriver) wrong.push_back(id + " was not asked for");
  }
  if (wrong.empty()) return;
  throw Error(ErrorCode::kValidatorBroken,
              "the validator's report is not of the checks that were asked for: " + support::join(wrong, "; "));
}

}  // namespace

void nothing_kept() {
  throw Error(ErrorCode::kInterrupted, "interrupted: no round was over, so there is no report", std::nullopt,
              "run it again; a soak that is interrupted later keeps its finished rounds");
}

VerifyResult read_driver_answer(const process::Outcome& outcome, const std::string& key, const VerifyPlan& plan) {
  const bool interrupted = outcome.kind == process::Outcome::Kind::kInterrupted;
  if (interrupted && protocol::find_sealed(outcome.out).empty()) nothing_kept();
  VerifyResult result = sealed_report(outcome, key);
  result.interrupted = interrupted;
  for (const auto& group : result.report.groups) {
    if (interrupted && std::any_of(group.checks.begin(), group.checks.end(), protocol::was_interrupted)) nothing_kept();
  }
  hold_against(plan, result.report);
  return result;
}

}  // namespace envforge::app
