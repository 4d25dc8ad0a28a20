// Which driver to write instead of the one that a pool states.
#pragma once

#include <optional>
#include <string>

#include "problem.hpp"

namespace envforge::resolve {

/// A version that the data names, or a branch, which stands for its newest driver.
struct DriverChoice {
  versions::Version version;
  std::string text;  // 525.60.13, or R580
};

/// The next newer driver of a pool with which the candidate is known to run, else the next older one; where none is
/// known, one with which it may. Forward compatibility does not count.
std::optional<DriverChoice> driver_for(const Problem& problem, const Candidate& candidate, std::size_t pool);

}  // namespace envforge::resolve
