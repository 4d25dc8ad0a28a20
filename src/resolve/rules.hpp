// One constraint against one candidate: does it hold, and if not, which fact stands against it.
#pragma once

#include <string>
#include <vector>

#include "machine_rules.hpp"
#include "problem.hpp"

namespace envforge::resolve {

struct Fact {
  std::string text;
  std::string source;    // the data row
  bool unknown = false;  // nobody can say, by this data: no fact that it is not so
};

/// Of a constraint about a driver: as check(), but by `driver` alone, without forward compatibility.
Fit own_fit(const Problem& problem, const Constraint& constraint, const BuildOption& option,
            const versions::Version& driver);
Fit check(const Problem& problem, const Constraint& constraint, const Candidate& candidate);
/// Why `candidate` does not satisfy `constraint`; for one that check() does not call kYes.
Fact why_not(const Problem& problem, const Constraint& constraint, const Candidate& candidate);

/// Two facts of which both stand in the way; `other` may be empty.
Fact both(Fact one, const Fact& other);

/// "RTX 5090 (compute capability 12.0)".
std::string describe_gpu(const PoolGpu& gpu);
/// "sm_50 to sm_90" for a long list.
std::string describe_code(compat::Names names);
/// "debian:12 has Python 3.11", "the site's archive has Python 3.13t".
std::string describe_python(const Candidate& candidate);
/// "torch 2.6.0 cu124".
std::string describe_build(const BuildOption& option);

}  // namespace envforge::resolve
