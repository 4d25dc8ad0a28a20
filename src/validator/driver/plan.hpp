// Which groups run, on which GPUs, in which order. Pure. Used by Session.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <envforge/protocol/report.hpp>
#include <envforge/protocol/request.hpp>

namespace envforge::validator::driver {

/// Sorted by id. For a request that is made by hand: envforge's own names every check.
std::vector<std::string> checks_of(protocol::Suite suite);

/// What one process of a group works on.
enum class Scope {
  kMachine,   // no GPU of its own; runs at once
  kEachGpu,   // one process for each GPU, alone on it while it runs
  kAllGpus,   // one process, alone on all GPUs
  kGpuOrCpu,  // as kEachGpu, and once without a GPU where there is none
  kBeside,    // one process that asks about all GPUs and works on none, from the start until the others are done
  kAllOrCpu,  // as kAllGpus, and without a GPU where there is none
};

/// The group that looks at machine and container before all others; it says which GPUs there are.
inline constexpr const char* kFirstGroup = "container";

Scope scope_of(const std::string& group);

/// False for what cannot change while the container runs: a soak does that once.
bool repeats_in_a_soak(const std::string& group);

struct Job {
  std::string group;
  std::vector<std::string> checks;
  std::vector<protocol::GpuInfo> gpus;
  bool needs_gpu = false;  // skipped with its reason where `gpus` is empty
  bool beside = false;     // takes no turn on its GPUs
};

/// The jobs of `checks` (ids) in the order in which they take their turns; kFirstGroup is left out.
std::vector<Job> make_jobs(const std::vector<std::string>& checks, const std::vector<protocol::GpuInfo>& gpus);

}  // namespace envforge::validator::driver
