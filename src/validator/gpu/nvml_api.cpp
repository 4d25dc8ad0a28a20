#include "gpu/nvml_api.hpp"

#include "gpu/image_libraries.hpp"

namespace envforge::validator::gpu {
namespace {

constexpr unsigned int kText = 128;

NvmlApi bind_nvml(const SharedLibrary& library) {
  NvmlApi api{};
  library.bind(api.nvmlInit_v2, "nvmlInit_v2");
  library.bind(api.nvmlShutdown, "nvmlShutdown");
  library.bind(api.nvmlErrorString, "nvmlErrorString");
  library.bind(api.nvmlSystemGetDriverVersion, "nvmlSystemGetDriverVersion");
  library.bind(api.nvmlDeviceGetHandleByUUID, "nvmlDeviceGetHandleByUUID");
  library.bind(api.nvmlDeviceGetVbiosVersion, "nvmlDeviceGetVbiosVersion");
  library.bind(api.nvmlDeviceGetSerial, "nvmlDeviceGetSerial");
  library.bind(api.nvmlDeviceGetClockInfo, "nvmlDeviceGetClockInfo");
  library.bind(api.nvmlDeviceGetMaxClockInfo, "nvmlDeviceGetMaxClockInfo");
  library.bind(api.nvmlDeviceGetUtilizationRates, "nvmlDeviceGetUtilizationRates");
  library.bind_if_there(api.nvmlDeviceGetComputeRunningProcesses_v3, "nvmlDeviceGetComputeRunningProcesses_v3");
  library.bind(api.nvmlDeviceGetNvLinkState, "nvmlDeviceGetNvLinkState");
  return api;
}

std::string text_of(int (*ask)(void*, char*, unsigned int), void* device) {
  char text[kText] = "";
  return device != nullptr && ask(device, text, kText) == 0 ? text : "";
}

std::optional<unsigned int> clock_of(int (*ask)(void*, int, unsigned int*), void* device) {
  unsigned int megahertz = 0;
  if (device == nullptr || ask(device, kNvmlClockSm, &megahertz) != 0) return std::nullopt;
  return megahertz;
}

}  // namespace

std::optional<Nvml> Nvml::start() {
  const SharedLibrary library = open_driver_library("libnvidia-ml.so.1");
  if (!library.ok()) return std::nullopt;
  const NvmlApi api = bind_nvml(library);
  if (api.nvmlInit_v2() != 0) return std::nullopt;
  return Nvml(api);
}

Nvml::Nvml(Nvml&& other) noexcept : api_(other.api_), running_(other.running_) {
  other.running_ = false;
}

Nvml::~Nvml() {
  if (running_) api_.nvmlShutdown();
}

std::string Nvml::driver_version() const {
  char text[kText] = "";
  return api_.nvmlSystemGetDriverVersion(text, kText) == 0 ? text : "";
}

void* Nvml::device(const std::string& uuid) const {
  void* device = nullptr;
  return api_.nvmlDeviceGetHandleByUUID(uuid.c_str(), &device) == 0 ? device : nullptr;
}

std::string Nvml::vbios(void* device) const {
  return text_of(api_.nvmlDeviceGetVbiosVersion, device);
}

std::string Nvml::serial(void* device) const {
  return text_of(api_.nvmlDeviceGetSerial, device);
}

std::optional<unsigned int> Nvml::sm_clock(void* device) const {
  return clock_of(api_.nvmlDeviceGetClockInfo, device);
}

std::optional<unsigned int> Nvml::max_sm_clock(void* device) const {
  return clock_of(api_.nvmlDeviceGetMaxClockInfo, device);
}

std::vector<std::string> Nvml::users(void* device) const {
  std::vector<std::string> out;
  if (device == nullptr) return out;
  constexpr unsigned int kMost = 32;
  NvmlProcess processes[kMost];
  unsigned int count = kMost;
  if (api_.nvmlDeviceGetComputeRunningProcesses_v3 != nullptr) {
    const int status = api_.nvmlDeviceGetComputeRunningProcesses_v3(device, &count, processes);
    if (status == kNvmlInsufficientSize) out.push_back("more than " + std::to_string(kMost) + " processes");
    for (unsigned int i = 0; status == 0 && i < count; ++i)
      out.push_back("process " + std::to_string(processes[i].pid));
  }
  NvmlUtilization load{};
  if (api_.nvmlDeviceGetUtilizationRates(device, &load) == 0 && load.gpu > 0) {
    out.push_back("load of " + std::to_string(load.gpu) + " %");
  }
  return out;
}

int Nvml::active_nvlinks(void* device) const {
  constexpr unsigned int kMostLinks = 18;
  int links = 0;
  for (unsigned int link = 0; device != nullptr && link < kMostLinks; ++link) {
    int active = 0;
    if (api_.nvmlDeviceGetNvLinkState(device, link, &active) == 0 && active == 1) ++links;
  }
  return links;
}

}  // namespace envforge::validator::gpu
