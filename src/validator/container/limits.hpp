// Limits and restrictions of a container, read from the kernel's own texts or by asking the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "container/finding.hpp"

namespace envforge::validator::container {

/// The text of cgroup's pids.max: nullopt for "max" and for anything that is no number.
std::optional<long> pids_limit(const std::string& text);

/// The lowest limit of processes and threads on the way from a process's cgroup to the root, by the text of its
/// /proc/<pid>/cgroup; nullopt = none. `mounted`: where cgroups are mounted, version 1 with a folder `pids` in it.
struct PidsLimit {
  long limit;
  std::string file;
};
std::optional<PidsLimit> lowest_pids_limit(const std::string& cgroups, const std::string& mounted = "/sys/fs/cgroup");

/// "/dev/nvidia0", ...: one for each GPU that the container was given, whatever the driver says of them.
std::vector<std::string> gpu_device_files(const std::string& folder = "/dev");

/// What a ring of NCCL over `gpus` GPUs keeps in /dev/shm where they reach each other through host memory only; 0 for
/// one. A GPU and channel has a segment of 9,637,888 bytes, the buffers of NCCL's three protocols and a page
/// (src/init.cc, src/transport/shm.cc; the size in the warnings of NVIDIA/nccl issues 342, 525 and 1518); NCCL opens
/// two channels then (1518: four GPUs fail in 64 MB, two do not). Read 2026-11-22.
std::uint64_t shm_of_nccl(std::size_t gpus);
/// What Docker gives.
inline constexpr std::uint64_t kDockersShm = 64ULL << 20;
/// A /dev/shm of Docker's 64 MiB or less, or too small for NCCL over the GPUs.
std::vector<Finding> judge_shm(std::uint64_t bytes, std::size_t gpus);
/// A limit of processes and threads (nullopt = none), where `needed` are started without asking.
std::vector<Finding> judge_pids(std::optional<long> limit, const std::string& source, long needed);
/// RLIMIT_MEMLOCK in bytes (nullopt = unlimited), beside RDMA devices.
std::vector<Finding> judge_memlock(std::optional<std::uint64_t> limit);

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
/// Those of these device files that cannot be opened.
std::vector<Finding> closed_devices(const std::vector<std::string>& paths);

/// What NVIDIA_DRIVER_CAPABILITIES leaves out of what CUDA and NVML need; empty for "all" and for an empty value, which
/// the container toolkit takes as its default, compute and utility.
std::vector<std::string> missing_capabilities(const std::string& value);

std::vector<Finding> judge_refused(const std::vector<RefusedCall>& refused);

}  // namespace envforge::validator::container
