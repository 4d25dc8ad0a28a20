// An NVML for tests: healthy GPUs that nobody else uses; no NVLink but under shm-transport. ENVFORGE_STUB_FAULT=busy:
// somebody does.
#include <cstdio>
#include <cstring>

#include "faults.hpp"

extern "C" {

int nvmlInit_v2() {
  return 0;
}
int nvmlShutdown() {
  return 0;
}
const char* nvmlErrorString(int) {
  return "an error of the stub";
}
int nvmlSystemGetDriverVersion(char* text, unsigned int size) {
  std::snprintf(text, size, "580.159.04");
  return 0;
}
int nvmlDeviceGetCount_v2(unsigned int* count) {
  const char* wanted = std::getenv("ENVFORGE_STUB_GPUS");
  *count = wanted == nullptr ? 1 : static_cast<unsigned int>(std::atoi(wanted));
  return 0;
}
// ENVFORGE_STUB_FAULT=mig-slice: the run's GPU is a slice of another. mig-empty: that other one, without a slice.
int board, slice;
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  const bool sliced = stub::fault("mig-slice");
  *device = sliced ? &slice : &board;
  return std::strncmp(uuid, sliced ? "MIG-" : "GPU-", 4) == 0 ? 0 : 6;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int, void** device) {
  *device = &board;
  return 0;
}
int nvmlDeviceGetUUID(void*, char* text, unsigned int size) {
  std::snprintf(text, size, "GPU-00000000-0000-0000-0000-000000000000");
  return 0;
}
int nvmlDeviceGetMigMode(void*, unsigned int* current, unsigned int* pending) {
  *current = *pending = stub::fault("mig-empty") || stub::fault("mig-slice") ? 1 : 0;
  return 0;
}
int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(void* device, void** whole) {
  *whole = &board;
  return device == &slice ? 0 : 2;
}
struct Slice {
  unsigned int multiprocessors, engines[5], gpu_slices, compute_slices;
  unsigned long long mebibytes;
};
int nvmlDeviceGetAttributes_v2(void* device, Slice* attributes) {
  *attributes = {16, {}, 1, 1, 16};
  return device == &slice ? 0 : 3;
}
int nvmlDeviceGetVbiosVersion(void*, char* text, unsigned int size) {
  std::snprintf(text, size, "96.00");
  return 0;
}
int nvmlDeviceGetSerial(void*, char* text, unsigned int size) {
  std::snprintf(text, size, "1");
  return 0;
}
int nvmlDeviceGetClockInfo(void* device, int, unsigned int* megahertz) {
  if (stub::fault("low-clock")) {
    *megahertz = 345;
    return 0;
  }
  const bool told = stub::fault("slow") || (stub::fault("mig-slice") && device == &board);
  *megahertz = told ? 2000 : 0;
  return told ? 0 : 3;
}
int nvmlDeviceGetApplicationsClock(void*, int, unsigned int* megahertz) {
  *megahertz = stub::fault("set-clock") ? 345 : 1980;
  return 0;
}
int nvmlDeviceGetDefaultApplicationsClock(void*, int, unsigned int* megahertz) {
  *megahertz = 1980;
  return 0;
}
int nvmlDeviceGetMaxClockInfo(void*, int, unsigned int* megahertz) {
  *megahertz = 1980;
  return 0;
}
int nvmlDeviceGetUtilizationRates(void*, unsigned int* gpu_and_memory) {
  gpu_and_memory[0] = stub::fault("busy") || stub::fault("hot") || stub::fault("low-clock") ? 97 : 0;
  return 0;
}
int nvmlDeviceGetNvLinkState(void*, unsigned int, int* active) {
  *active = stub::fault("shm-transport") ? 1 : 0;
  return 0;
}
int nvmlDeviceGetNvLinkRemoteDeviceType(void*, unsigned int, int* type) {
  *type = stub::fault("bridged") ? 0 : 2;  // a GPU; a switch
  return 0;
}
// ENVFORGE_STUB_FAULT=bridged: the links lead to a GPU that is not in the run.
struct Pci {
  char legacy[16];
  unsigned int numbers[5];
  char bus_id[32];
};
int nvmlDeviceGetNvLinkRemotePciInfo_v2(void*, unsigned int, Pci* pci) {
  std::snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:7F:00.0");
  return 0;
}

// So slow a link that a processor keeps up with its model.
int nvmlDeviceGetCurrPcieLinkGeneration(void*, unsigned int* generation) {
  *generation = 1;
  return 0;
}
int nvmlDeviceGetCurrPcieLinkWidth(void*, unsigned int* width) {
  *width = stub::fault("pcie-width") ? 1 : 2;
  return 0;
}
int nvmlDeviceGetMaxPcieLinkGeneration(void*, unsigned int* generation) {
  *generation = 1;
  return 0;
}
int nvmlDeviceGetMaxPcieLinkWidth(void*, unsigned int* width) {
  *width = 2;
  return 0;
}
int nvmlDeviceGetName(void*, char* text, unsigned int size) {
  std::snprintf(text, size, "NVIDIA H200");
  return 0;
}
int nvmlDeviceGetMemoryInfo(void*, unsigned long long* total_free_used) {
  total_free_used[0] = 16U << 20;
  total_free_used[1] = 8U << 20;
  total_free_used[2] = 8U << 20;
  return 0;
}
int nvmlDeviceGetEccMode(void*, int* current, int* pending) {
  *current = *pending = 1;
  return 0;
}
int nvmlDeviceGetTotalEccErrors(void*, int error, int, unsigned long long* count) {
  *count = error == 1 && stub::fault("ecc") ? 3 : 0;
  return 0;
}
int nvmlDeviceGetRemappedRows(void*, unsigned int* corrected, unsigned int* uncorrected, unsigned int* pending,
                              unsigned int* failed) {
  *corrected = *uncorrected = 0;
  *pending = stub::fault("remap-pending") ? 1 : 0;
  *failed = stub::fault("remap-failed") ? 1 : 0;
  return 0;
}
int nvmlDeviceGetRetiredPagesPendingStatus(void*, int*) {
  return 3;  // not of this GPU
}
int nvmlDeviceGetTemperature(void*, int, unsigned int* celsius) {
  *celsius = stub::fault("hot") ? 91 : 45;
  return 0;
}
int nvmlDeviceGetTemperatureThreshold(void*, int, unsigned int* celsius) {
  *celsius = 90;
  return 0;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void*, unsigned long long* reasons) {
  *reasons = stub::fault("hot") ? 0x48 : stub::fault("power-cap") || stub::fault("gpu-ahead") ? 0x4 : 0;
  return 0;
}
int nvmlDeviceGetPowerUsage(void*, unsigned int* milliwatts) {
  *milliwatts = 612000;
  return 0;
}
int nvmlDeviceGetEnforcedPowerLimit(void*, unsigned int* milliwatts) {
  *milliwatts = stub::fault("power-limit") ? 350000 : 700000;
  return 0;
}
int nvmlDeviceGetPowerManagementDefaultLimit(void*, unsigned int* milliwatts) {
  *milliwatts = 700000;
  return 0;
}
int nvmlDeviceGetPersistenceMode(void*, int* mode) {
  *mode = stub::fault("no-persistence") ? 0 : 1;
  return stub::fault("no-settings") ? 3 : 0;
}
int nvmlDeviceGetComputeMode(void*, int* mode) {
  *mode = stub::fault("exclusive") ? 3 : stub::fault("prohibited") ? 2 : 0;
  return stub::fault("no-settings") ? 3 : 0;
}
int nvmlEventSetCreate(void** set) {
  *set = set;
  return 0;
}
int nvmlEventSetFree(void*) {
  return 0;
}
int nvmlDeviceRegisterEvents(void*, unsigned long long, void*) {
  return 0;
}
struct Event {
  void* device;
  unsigned long long type, data;
  unsigned int gpu_instance, compute_instance;
};
int nvmlEventSetWait_v2(void*, Event* event, unsigned int) {
  static bool told = false;
  if (told || !(stub::fault("xid-79") || stub::fault("xid-31"))) return 10;  // NVML_ERROR_TIMEOUT
  told = true;
  *event = {nullptr, 8, stub::fault("xid-79") ? 79U : 31U, 0, 0};
  return 0;
}

}  // extern "C"
