// From findings to a result: the comparison with its control, and the words.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <envforge/support/text.hpp>

#include "container/finding.hpp"
#include "harness/control.hpp"

namespace envforge::validator::container {

/// A severe finding is a failure, others are a degradation. `look` is asked again after the control's fault was
/// planted.
inline void report_findings(protocol::CheckResult& result, const std::function<std::vector<Finding>()>& look,
                            std::size_t looked_at, const harness::Control& control, protocol::Layer layer,
                            const std::string& evidence) {
  const std::vector<Finding> found = look();
  harness::judge(
      result,
      [&] {
        harness::Comparison comparison;
        comparison.compared = looked_at;
        comparison.wrong = look().size();
        comparison.worst = static_cast<double>(comparison.wrong);
        return comparison;
      },
      control, layer);
  if (result.verdict != protocol::Verdict::kFail) return;
  bool severe = false;
  std::vector<std::string> what, mend;
  for (const Finding& one : found) {
    severe = severe || one.severe;
    what.push_back(one.what);
    if (std::find(mend.begin(), mend.end(), one.mend) == mend.end()) mend.push_back(one.mend);
  }
  if (!severe) result.verdict = protocol::Verdict::kDegraded;
  result.summary.clear();
  result.reason = support::join(what, "; ");
  result.mend = support::join(mend, "; ");
  result.evidence = evidence;
}

}  // namespace envforge::validator::container
