// Which of two verdicts is worse: of the rounds of a soak, and of the ranks of a collective.
#pragma once

#include <envforge/protocol/report.hpp>

namespace envforge::protocol {

/// Greater is worse: fail, crashed, hung, error, degraded, pass, skipped, as overall() has them.
constexpr int badness(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFail:
      return 6;
    case Verdict::kCrashed:
      return 5;
    case Verdict::kHung:
      return 4;
    case Verdict::kError:
      return 3;
    case Verdict::kDegraded:
      return 2;
    case Verdict::kPass:
      return 1;
    case Verdict::kSkipped:
      break;
  }
  return 0;
}

}  // namespace envforge::protocol
