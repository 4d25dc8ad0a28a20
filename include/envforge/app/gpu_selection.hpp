// Which GPUs a container gets: docker's own grammar, and how the engine hands them over.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/engine/engine.hpp>
#include <envforge/process/process.hpp>

namespace envforge::app {

struct GpuSelection {
  enum class Kind { kNone, kAll, kCount, kDevices, kIdle } kind = Kind::kAll;
  int count = 0;
  std::vector<std::string> devices;  // indexes or UUIDs
  friend bool operator==(const GpuSelection&, const GpuSelection&) = default;
};

/// "none", "all", "idle", "2", "device=0,1", "device=GPU-8d8c...", "0,1" is refused as docker refuses it.
/// Throws Error{kUsage} that says the grammar.
GpuSelection parse_gpus(const std::string& text);

/// A GPU as the host's driver shows it.
struct HostGpu {
  int index = 0;
  std::string uuid, name, pci_bus_id;
  bool busy = false;  // a process has a context on it
};

struct HostGpus {
  std::string driver;  // "" = no NVIDIA driver here
  std::vector<HostGpu> gpus;
  std::string how;  // what was asked: "nvidia-smi"
};

/// Asks nvidia-smi, and /proc/driver/nvidia where there is none. No driver is an answer, not an error.
HostGpus host_gpus(process::ProcessRunner& processes);

enum class GpuInjection { kAuto, kGpusFlag, kCdi };
/// "auto", "gpus", "cdi". Throws Error{kUsage}.
GpuInjection parse_injection(const std::string& text);

struct GpuArguments {
  std::vector<std::string> args;   // of docker create
  std::string how;                 // "--gpus (NVIDIA runtime)" or "CDI"
  std::vector<std::string> uuids;  // of the chosen GPUs, where the host knows them
};

/// For a run in this environment itself. Throws Error{kNoGpu} where GPUs are asked for and there is no sign of one: no
/// GPU in `here`, and neither nvidiactl nor WSL's dxg in the folder `devices`. With a sign the checks say what lacks.
void check_gpus_here(const GpuSelection& selection, const HostGpus& here, const std::string& devices = "/dev");

/// The docker arguments for a selection. Throws Error{kNoGpu} when the host has none of what was asked, and
/// Error{kNoGpuInjection} when the engine can hand over no GPU.
GpuArguments gpu_arguments(const GpuSelection& selection, const HostGpus& host, const engine::EngineInfo& engine,
                           GpuInjection injection);

/// One verify at a time on a GPU: advisory locks of this host, released by the destructor (and by the kernel after a
/// kill).
class GpuLocks {
 public:
  /// Throws Error{kGpuInUse} naming the GPU that another verify holds.
  explicit GpuLocks(const std::vector<std::string>& uuids);
  GpuLocks(const GpuLocks&) = delete;
  GpuLocks& operator=(const GpuLocks&) = delete;
  ~GpuLocks();

 private:
  std::vector<int> files_;
};

}  // namespace envforge::app
