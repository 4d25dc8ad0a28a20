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

/// nvmlMemory_t.
struct NvmlMemory {
  unsigned long long total, free, used;  // bytes
};

/// nvmlEventData_t, as nvmlEventSetWait_v2 fills it.
struct NvmlEvent {
  void* device;
  unsigned long long type;
  unsigned long long data;  // of an Xid its number
  unsigned int gpu_instance, compute_instance;
};

/// nvmlPciInfo_t.
struct NvmlPci {
  char legacy_bus_id[16];
  unsigned int domain, bus, device, id, subsystem_id;
  char bus_id[32];
};

/// nvmlDeviceAttributes_t, as nvmlDeviceGetAttributes_v2 fills it for a slice of a GPU.
struct NvmlSlice {
  unsigned int multiprocessors, copy_engines, decoders, encoders, jpeg_engines, flow_engines, gpu_slices,
      compute_slices;
  unsigned long long memory_mib;
};

struct NvmlApi {
  int (*nvmlInit_v2)();
  int (*nvmlShutdown)();
  const char* (*nvmlErrorString)(int status);
  int (*nvmlSystemGetDriverVersion)(char* text, unsigned int size);
  int (*nvmlDeviceGetCount_v2)(unsigned int* count);
  int (*nvmlDeviceGetHandleByUUID)(const char* uuid, void** device);
  int (*nvmlDeviceGetVbiosVersion)(void* device, char* text, unsigned int size);
  int (*nvmlDeviceGetSerial)(void* device, char* text, unsigned int size);
  int (*nvmlDeviceGetClockInfo)(void* device, int clock, unsigned int* megahertz);
  int (*nvmlDeviceGetMaxClockInfo)(void* device, int clock, unsigned int* megahertz);
  int (*nvmlDeviceGetApplicationsClock)(void* device, int clock, unsigned int* megahertz);
  int (*nvmlDeviceGetDefaultApplicationsClock)(void* device, int clock, unsigned int* megahertz);
  int (*nvmlDeviceGetUtilizationRates)(void* device, NvmlUtilization* utilization);
  int (*nvmlDeviceGetComputeRunningProcesses_v3)(void* device, unsigned int* count, NvmlProcess* processes);
  int (*nvmlDeviceGetNvLinkState)(void* device, unsigned int link, int* active);
  int (*nvmlDeviceGetNvLinkRemoteDeviceType)(void* device, unsigned int link, int* type);
  int (*nvmlDeviceGetNvLinkRemotePciInfo_v2)(void* device, unsigned int link, NvmlPci* pci);
  int (*nvmlDeviceGetCurrPcieLinkGeneration)(void* device, unsigned int* generation);
  int (*nvmlDeviceGetCurrPcieLinkWidth)(void* device, unsigned int* width);
  int (*nvmlDeviceGetMaxPcieLinkGeneration)(void* device, unsigned int* generation);
  int (*nvmlDeviceGetMaxPcieLinkWidth)(void* device, unsigned int* width);
  int (*nvmlDeviceGetName)(void* device, char* text, unsigned int size);
  int (*nvmlDeviceGetMemoryInfo)(void* device, NvmlMemory* memory);
  int (*nvmlDeviceGetEccMode)(void* device, int* current, int* pending);
  int (*nvmlDeviceGetTotalEccErrors)(void* device, int error, int counter, unsigned long long* count);
  int (*nvmlDeviceGetRemappedRows)(void* device, unsigned int* corrected, unsigned int* uncorrected,
                                   unsigned int* pending, unsigned int* failed);
  int (*nvmlDeviceGetRetiredPagesPendingStatus)(void* device, int* pending);
  int (*nvmlDeviceGetTemperature)(void* device, int sensor, unsigned int* celsius);
  int (*nvmlDeviceGetTemperatureThreshold)(void* device, int threshold, unsigned int* celsius);
  int (*nvmlDeviceGetCurrentClocksThrottleReasons)(void* device, unsigned long long* reasons);
  int (*nvmlDeviceGetPowerUsage)(void* device, unsigned int* milliwatts);
  int (*nvmlDeviceGetEnforcedPowerLimit)(void* device, unsigned int* milliwatts);
  int (*nvmlDeviceGetPowerManagementDefaultLimit)(void* device, unsigned int* milliwatts);
  int (*nvmlDeviceGetPersistenceMode)(void* device, int* mode);
  int (*nvmlDeviceGetComputeMode)(void* device, int* mode);
  int (*nvmlDeviceGetHandleByIndex_v2)(unsigned int index, void** device);
  int (*nvmlDeviceGetUUID)(void* device, char* text, unsigned int size);
  int (*nvmlDeviceGetMigMode)(void* device, unsigned int* current, unsigned int* pending);
  int (*nvmlDeviceGetAttributes_v2)(void* device, NvmlSlice* slice);
  int (*nvmlDeviceGetDeviceHandleFromMigDeviceHandle)(void* slice, void** device);
  int (*nvmlEventSetCreate)(void** set);
  int (*nvmlEventSetFree)(void* set);
  int (*nvmlDeviceRegisterEvents)(void* device, unsigned long long types, void* set);
  int (*nvmlEventSetWait_v2)(void* set, NvmlEvent* event, unsigned int milliseconds);
};

enum NvmlConstant : int {
  kNvmlClockSm = 1,
  kNvmlInsufficientSize = 7,
  kNvmlCorrectedErrors = 0,
  kNvmlUncorrectedErrors = 1,
  kNvmlSinceDriverLoad = 0,
  kNvmlEver = 1,
  kNvmlSensorOfGpu = 0,
  kNvmlSlowdownThreshold = 1,
  kNvmlComputeModeDefault = 0,
  kNvmlComputeModeProhibited = 2,
  kNvmlComputeModeExclusiveProcess = 3,
  kNvmlMigEnabled = 1,
  kNvmlLinkToGpu = 0,
  kNvmlLinkToSwitch = 2,
  kNvmlEventDoubleBitError = 2,
  kNvmlEventXid = 8,
};

/// What holds a clock down, as bits of nvmlDeviceGetCurrentClocksThrottleReasons.
enum NvmlReason : unsigned int {
  kNvmlIdle = 0x1,
  kNvmlSetClocks = 0x2,
  kNvmlPowerCap = 0x4,
  kNvmlHwSlowdown = 0x8,
  kNvmlSyncBoost = 0x10,
  kNvmlSwThermal = 0x20,
  kNvmlHwThermal = 0x40,
  kNvmlPowerBrake = 0x80,
};
/// "power cap, thermal slowdown by hardware"; "" when nothing that a fault could be behind holds the clock down.
std::string text_of_reasons(unsigned long long reasons);

/// Of one GPU, now and at most.
struct PcieLink {
  unsigned int generation = 0, width = 0, most_generation = 0, most_width = 0;
};

/// What NVML tells of a GPU's memory; absent where the GPU does not have it.
struct MemoryHealth {
  std::optional<bool> ecc;
  std::optional<unsigned long long> uncorrected_now, uncorrected_ever, corrected_now;
  std::optional<unsigned int> remapped_rows;
  bool remap_pending = false, remap_failed = false, retirement_pending = false;
};

/// One look at a GPU that works.
struct Sample {
  std::optional<unsigned int> megahertz, celsius, milliwatts, load;  // load in percent
  std::optional<unsigned long long> reasons;
};

/// Persistence and compute mode, power limit and clock for applications with their defaults.
struct Settings {
  std::optional<bool> persistence;
  std::optional<int> compute_mode;
  std::optional<unsigned int> power_limit, default_power_limit;              // milliwatts
  std::optional<unsigned int> application_clock, default_application_clock;  // of the SMs, MHz
};

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
  /// GPUs that are there; a slice (MIG) is none of its own.
  std::size_t count() const;
  /// nullptr when NVML does not know it.
  void* device(const std::string& uuid) const;
  /// The GPU that a slice (MIG) is of; `device` itself where it is a whole one.
  void* whole(void* device) const;
  /// What a slice has of its GPU; nullopt for a whole one.
  std::optional<NvmlSlice> slice(void* device) const;
  /// The UUIDs of the GPUs that are cut into slices (MIG mode): nothing runs on them but in a slice.
  std::vector<std::string> sliced_gpus() const;
  std::string vbios(void* device) const;
  std::string serial(void* device) const;
  std::optional<unsigned int> sm_clock(void* device) const;
  std::optional<unsigned int> max_sm_clock(void* device) const;
  /// One sentence for each sign that somebody uses this GPU.
  std::vector<std::string> users(void* device) const;
  int active_nvlinks(void* device) const;
  /// Whether active NVLinks lead from `device` to the GPU at this PCI address, over a switch or directly; nullopt where
  /// NVML does not tell what is at their other ends.
  std::optional<bool> is_linked(void* device, const std::string& other_pci) const;
  std::optional<PcieLink> pcie_link(void* device) const;
  std::string name(void* device) const;
  std::optional<NvmlMemory> memory(void* device) const;
  MemoryHealth memory_health(void* device) const;
  Sample sample(void* device) const;
  std::optional<unsigned int> slowdown_celsius(void* device) const;
  Settings settings(void* device) const;
  const NvmlApi& api() const { return api_; }

 private:
  explicit Nvml(const NvmlApi& api) : api_(api) {}
  bool is_active(void* device, unsigned int link) const;
  NvmlApi api_;
  bool running_ = true;
};

}  // namespace envforge::validator::gpu
