// Limits and restrictions of a container, read from the kernel's own texts or by asking the kernel.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "container/finding.hpp"

namespace envforge::validator::container {

/// The text of cgroup's pids.max: nullopt for "max" and for anything that is no number.
std::optional<long> pids_limit(const std::string& text);

/// "own" or "the kernel's first" (the host's, unless a sandbox has a kernel of its own), by the link
/// /proc/self/ns/<kind>: the first ones have fixed numbers (include/linux/proc_ns.h). "" = not known.
std::string namespace_owner(const std::string& kind, const std::string& link);

/// The filter that a call met: EPERM for a call that needs no right is a seccomp profile that does not know it.
struct RefusedCall {
  std::string name;
  std::string consequence;
};
/// Asks the kernel for calls that newer C libraries and CUDA make, with arguments that do nothing.
std::vector<RefusedCall> refused_calls();

/// Why a device file could not be opened, by errno: not there, taken away by the device cgroup, or another user's.
Finding judge_device(const std::string& path, int error);

/// What NVIDIA_DRIVER_CAPABILITIES leaves out of what CUDA and NVML need; empty for "all" and for an empty value, which
/// the container toolkit takes as its default, compute and utility.
std::vector<std::string> missing_capabilities(const std::string& value);

std::vector<Finding> judge_refused(const std::vector<RefusedCall>& refused);

}  // namespace envforge::validator::container
