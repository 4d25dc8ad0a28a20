// What nvidia-smi said: held against NVML in this process, or, where it failed, by what its words mean. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <envforge/process/process.hpp>
#include <envforge/protocol/report.hpp>

#include "container/finding.hpp"

namespace envforge::validator::container {

/// The arguments whose answer parse_smi reads.
inline constexpr const char* kSmiQuery[] = {"--query-gpu=driver_version,uuid", "--format=csv,noheader"};

/// The drivers and the GPUs that it, or NVML, names.
struct DriverAnswer {
  std::set<std::string> drivers;
  std::size_t gpus = 0;
};
/// Lines that are no "DRIVER, UUID" (a warning about an infoROM, say) count as nothing.
DriverAnswer parse_smi(const std::string& out);

/// Where nvidia-smi and NVML contradict each other.
std::vector<Finding> judge_agreement(const DriverAnswer& smi, const DriverAnswer& nvml);

/// A program that did not answer: what that means, whose it is, what mends it.
struct SmiFailure {
  std::string what;
  protocol::Layer layer = protocol::Layer::kNone;
  std::string mend;
};
/// `outcome` is none that is ok.
SmiFailure explain_smi(const process::Outcome& outcome);

}  // namespace envforge::validator::container
