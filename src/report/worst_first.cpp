#include "worst_first.hpp"

#include <algorithm>

namespace envforge::report {
namespace {

using protocol::CheckResult;
using protocol::Verdict;

// What passed comes last but for the skipped.
int rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFail:
      return 0;
    case Verdict::kCrashed:
      return 1;
    case Verdict::kHung:
      return 2;
    case Verdict::kError:
      return 3;
    case Verdict::kDegraded:
      return 4;
    case Verdict::kPass:
      return 5;
    case Verdict::kSkipped:
      return 6;
  }
  return 7;
}

}  // namespace

std::vector<const CheckResult*> worst_first(const protocol::Report& report) {
  std::vector<const CheckResult*> checks;
  for (const auto& group : report.groups) {
    for (const auto& check : group.checks) checks.push_back(&check);
  }
  std::stable_sort(checks.begin(), checks.end(),
                   [](const CheckResult* a, const CheckResult* b) { return rank(a->verdict) < rank(b->verdict); });
  return checks;
}

}  // namespace envforge::report
