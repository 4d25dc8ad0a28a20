// The comparison and its negative control, which belong together: the same code that finds the library right must find
// a fault that was planted in the device's output in this very run. Used by every check of numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::validator::harness {

/// What a comparison of an output with its reference says.
struct Comparison {
  std::uint64_t compared = 0;  // elements, or residuals
  std::uint64_t wrong = 0;
  double worst = 0;   // largest difference found, in the unit of Control::claimed; by some also of right elements
  std::string first;  // "element 17 is 5, expected 4"
};

struct Control {
  std::string planted;          // "one element of C changed by 1"
  double claimed = 0;           // the smallest fault that the check claims to find
  std::function<void()> plant;  // into the device output
  std::function<void()> undo;
};

/// Compares, plants, compares again, undoes. Sets verdict, reason, summary and control. A planted fault that is not
/// found makes the result an error unless the first comparison found something by itself; a comparison of nothing is an
/// error too. Returns the first comparison.
Comparison judge(protocol::CheckResult& result, const std::function<Comparison()>& compare, const Control& control,
                 protocol::Layer layer_at_fault);

}  // namespace envforge::validator::harness
