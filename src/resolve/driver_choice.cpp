#include "driver_choice.hpp"

#include <algorithm>

#include <envforge/versions/driver.hpp>

#include "machine_rules.hpp"
#include "rules.hpp"

namespace envforge::resolve {

using versions::Version;

std::optional<DriverChoice> driver_for(const Problem& problem, const Candidate& candidate, std::size_t pool) {
  const BuildOption& option = problem.option(candidate);
  std::vector<DriverChoice> choices;
  const auto* major = problem.knowledge->cuda_major(option.cuda);
  const auto* toolkit = problem.knowledge->toolkit(option.cuda);
  const std::string_view floor = major != nullptr     ? major->driver_floor
                                 : toolkit != nullptr ? toolkit->bundled_driver
                                                      : std::string_view();
  // "580.0" is a document's word for the branch: no driver has that number.
  const bool is_version = !floor.empty() && Version::of(floor).minor() != 0;
  if (is_version) choices.push_back({Version::of(floor), std::string(floor)});
  for (const auto& branch : problem.knowledge->tables().branches)
    choices.push_back({versions::parse_driver(branch.branch).value(), std::string(branch.branch)});
  const Version& now = problem.spec->pools[pool].driver->value;
  std::sort(choices.begin(), choices.end(), [&](const DriverChoice& a, const DriverChoice& b) {
    const bool newer = a.version > now;
    if (newer != (b.version > now)) return newer;
    return newer ? a.version < b.version : a.version > b.version;
  });
  std::optional<DriverChoice> doubtful;
  for (const DriverChoice& choice : choices) {
    Fit fit = Fit::kYes;
    for (const Constraint& constraint : problem.constraints) {
      const bool about_driver = constraint.kind == ConstraintKind::kDriverFloor ||
                                constraint.kind == ConstraintKind::kGpuDriver ||
                                constraint.kind == ConstraintKind::kPtxDriver;
      if (about_driver && constraint.pool == pool)
        fit = std::max(fit, own_fit(problem, constraint, option, choice.version));
    }
    if (fit == Fit::kYes) return choice;
    if (fit == Fit::kUnknown && !doubtful) doubtful = choice;
  }
  return doubtful;
}

}  // namespace envforge::resolve
