// An NVML for tests: healthy GPUs that nobody else uses; no NVLink. ENVFORGE_STUB_FAULT=busy: somebody does.
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
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  static int handle;
  *device = &handle;
  return std::strncmp(uuid, "GPU-", 4) == 0 ? 0 : 6;
}
int nvmlDeviceGetVbiosVersion(void*, char* text, unsigned int size) {
  std::snprintf(text, size, "96.00");
  return 0;
}
int nvmlDeviceGetSerial(void*, char* text, unsigned int size) {
  std::snprintf(text, size, "1");
  return 0;
}
// So slow a clock that a processor can keep up with the model of the GPU.
int nvmlDeviceGetClockInfo(void*, int, unsigned int* megahertz) {
  *megahertz = stub::fault("slow") ? 2000 : 0;
  return stub::fault("slow") ? 0 : 3;
}
int nvmlDeviceGetMaxClockInfo(void*, int, unsigned int* megahertz) {
  *megahertz = 1980;
  return 0;
}
int nvmlDeviceGetUtilizationRates(void*, unsigned int* gpu_and_memory) {
  gpu_and_memory[0] = stub::fault("busy") ? 97 : 0;
  return 0;
}
int nvmlDeviceGetNvLinkState(void*, unsigned int, int* active) {
  *active = stub::fault("shm-transport") ? 1 : 0;
  return 0;
}

}  // extern "C"
