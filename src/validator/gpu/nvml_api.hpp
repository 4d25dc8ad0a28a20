// The functions of NVML (libnvidia-ml.so.1) that the groups call. The only place that declares them. NVML numbers its
// structures by version: only those with a fixed layout are used.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gpu/shared_library.hpp"

namespace envforge::validator::gpu {

struct NvmlUtilization {
  unsigned int gpu, memory;  // percent
};

/// nvmlProcessInfo_v2_t, which nvmlDeviceGetComputeRunningProcesses_v3 fills.
struct NvmlProcess {
  unsigned int pid;
  unsigned long long used_bytes;
  unsigned int gpu_instance, compute_instance;
};

struct NvmlApi {
  int (*nvmlInit_v2)();
  int (*nvmlShutdown)();
  const char* (*nvmlErrorString)(int status);
  int (*nvmlSystemGetDriverVersion)(char* text, unsigned int size);
  int (*nvmlDeviceGetHandleByUUID)(const char* uuid, void** device);
  int (*nvmlDeviceGetVbiosVersion)(void* device, char* text, unsigned int size);
  int (*nvmlDeviceGetSerial)(void* device, char* text, unsigned int size);
  int (*nvmlDeviceGetClockInfo)(void* device, int clock, unsigned int* megahertz);
  int (*nvmlDeviceGetMaxClockInfo)(void* device, int clock, unsigned int* megahertz);
  int (*nvmlDeviceGetUtilizationRates)(void* device, NvmlUtilization* utilization);
  int (*nvmlDeviceGetComputeRunningProcesses_v3)(void* device, unsigned int* count, NvmlProcess* processes);
  int (*nvmlDeviceGetNvLinkState)(void* device, unsigned int link, int* active);
};

enum NvmlConstant : int { kNvmlClockSm = 1, kNvmlInsufficientSize = 7 };

/// NVML for the length of one object; absent where the container has no libnvidia-ml or it does not start.
class Nvml {
 public:
  static std::optional<Nvml> start();
  Nvml(Nvml&& other) noexcept;
  Nvml& operator=(Nvml&&) = delete;
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;
  ~Nvml();

  std::string driver_version() const;
  /// nullptr when NVML does not know it.
  void* device(const std::string& uuid) const;
  std::string vbios(void* device) const;
  std::string serial(void* device) const;
  std::optional<unsigned int> sm_clock(void* device) const;
  std::optional<unsigned int> max_sm_clock(void* device) const;
  /// One sentence for each sign that somebody uses this GPU.
  std::vector<std::string> users(void* device) const;
  int active_nvlinks(void* device) const;

 private:
  explicit Nvml(const NvmlApi& api) : api_(api) {}
  NvmlApi api_;
  bool running_ = true;
};

}  // namespace envforge::validator::gpu
