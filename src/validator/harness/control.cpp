#include "harness/control.hpp"

#include <cmath>

namespace envforge::validator::harness {

using protocol::Verdict;

Comparison judge(protocol::CheckResult& result, const std::function<Comparison()>& compare, const Control& control,
                 protocol::Layer layer_at_fault) {
  const Comparison real = compare();
  control.plant();
  const Comparison planted = compare();
  control.undo();

  protocol::NegativeControl found;
  found.planted = control.planted;
  found.claimed = control.claimed;
  found.found = std::isfinite(planted.worst) ? planted.worst : 1e308;
  // In an output that is wrong already, the planted fault may have met an element that was. Relative slack: the planted
  // size went through the output's type.
  found.detected = (planted.wrong > real.wrong || real.wrong > 0) && planted.worst >= control.claimed * 0.99;
  result.control = found;

  if (!found.detected && real.wrong == 0) {  // else it found something without our help
    result.verdict = Verdict::kError;
    result.reason = "the check's own negative control passed: " + control.planted + " was not found";
    return real;
  }
  if (real.compared == 0) {
    result.verdict = Verdict::kError;
    result.reason = "nothing was compared";
    return real;
  }
  if (real.wrong > 0) {
    result.verdict = Verdict::kFail;
    result.summary.clear();  // of an earlier part of the check
    result.reason = std::to_string(real.wrong) + " of " + std::to_string(real.compared) + " wrong; " + real.first;
    result.layer = layer_at_fault;
    return real;
  }
  result.verdict = Verdict::kPass;
  if (result.summary.empty()) result.summary = std::to_string(real.compared) + " compared, none wrong";
  return real;
}

}  // namespace envforge::validator::harness
