// The machines that a row of the matrix must serve, all of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/resolve/matrix.hpp>

#include "machine_rules.hpp"

namespace envforge::resolve {

/// A GPU with a driver; either can be left open.
struct Machine {
  std::string name;  // "V100", "driver 535", "V100 with driver 535"
  std::optional<compat::GpuMatch> gpu;
  std::optional<versions::Version> driver;
  unsigned first_branch = 0;  // of the GPU; 0: not known
  bool arm_host = false;
  bool forward_compat = false;
};

/// Each GPU of the filter with each of its drivers, then each GPU of its pools. Throws as matrix() does.
std::vector<Machine> machines_of(const compat::Knowledge& knowledge, const MatrixFilter& filter);

/// Whether the build runs on all of them as its row for `platform`; what is not certain is added to `doubts`, with the
/// name of the machine where only some have the doubt.
Fit machines_fit(const compat::Knowledge& knowledge, const std::vector<Machine>& machines, const BuildOption& option,
                 const compat::BuildPlatform& platform, std::vector<std::string>& doubts);

}  // namespace envforge::resolve
