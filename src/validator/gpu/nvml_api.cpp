#include "gpu/nvml_api.hpp"

#include <utility>

#include "gpu/image_libraries.hpp"
#include "gpu/xids.hpp"

namespace envforge::validator::gpu {
namespace {

constexpr unsigned int kText = 128, kMostLinks = 18;

NvmlApi bind_nvml(const SharedLibrary& library) {
  NvmlApi api{};
  library.bind(api.nvmlInit_v2, "nvmlInit_v2");
  library.bind(api.nvmlShutdown, "nvmlShutdown");
  library.bind(api.nvmlErrorString, "nvmlErrorString");
  library.bind(api.nvmlSystemGetDriverVersion, "nvmlSystemGetDriverVersion");
  library.bind(api.nvmlDeviceGetCount_v2, "nvmlDeviceGetCount_v2");
  library.bind(api.nvmlDeviceGetHandleByUUID, "nvmlDeviceGetHandleByUUID");
  library.bind(api.nvmlDeviceGetVbiosVersion, "nvmlDeviceGetVbiosVersion");
  library.bind(api.nvmlDeviceGetSerial, "nvmlDeviceGetSerial");
  library.bind(api.nvmlDeviceGetClockInfo, "nvmlDeviceGetClockInfo");
  library.bind(api.nvmlDeviceGetMaxClockInfo, "nvmlDeviceGetMaxClockInfo");
  library.bind_if_there(api.nvmlDeviceGetApplicationsClock, "nvmlDeviceGetApplicationsClock");
  library.bind_if_there(api.nvmlDeviceGetDefaultApplicationsClock, "nvmlDeviceGetDefaultApplicationsClock");
  library.bind(api.nvmlDeviceGetUtilizationRates, "nvmlDeviceGetUtilizationRates");
  library.bind_if_there(api.nvmlDeviceGetComputeRunningProcesses_v3, "nvmlDeviceGetComputeRunningProcesses_v3");
  library.bind(api.nvmlDeviceGetNvLinkState, "nvmlDeviceGetNvLinkState");
  library.bind_if_there(api.nvmlDeviceGetNvLinkRemoteDeviceType, "nvmlDeviceGetNvLinkRemoteDeviceType");
  library.bind_if_there(api.nvmlDeviceGetNvLinkRemotePciInfo_v2, "nvmlDeviceGetNvLinkRemotePciInfo_v2");
  library.bind(api.nvmlDeviceGetCurrPcieLinkGeneration, "nvmlDeviceGetCurrPcieLinkGeneration");
  library.bind(api.nvmlDeviceGetCurrPcieLinkWidth, "nvmlDeviceGetCurrPcieLinkWidth");
  library.bind(api.nvmlDeviceGetMaxPcieLinkGeneration, "nvmlDeviceGetMaxPcieLinkGeneration");
  library.bind(api.nvmlDeviceGetMaxPcieLinkWidth, "nvmlDeviceGetMaxPcieLinkWidth");
  library.bind(api.nvmlDeviceGetName, "nvmlDeviceGetName");
  library.bind(api.nvmlDeviceGetMemoryInfo, "nvmlDeviceGetMemoryInfo");
  library.bind(api.nvmlDeviceGetEccMode, "nvmlDeviceGetEccMode");
  library.bind(api.nvmlDeviceGetTotalEccErrors, "nvmlDeviceGetTotalEccErrors");
  library.bind_if_there(api.nvmlDeviceGetRemappedRows, "nvmlDeviceGetRemappedRows");
  library.bind(api.nvmlDeviceGetRetiredPagesPendingStatus, "nvmlDeviceGetRetiredPagesPendingStatus");
  library.bind_if_there(api.nvmlDeviceGetTemperature, "nvmlDeviceGetTemperature");
  library.bind(api.nvmlDeviceGetTemperatureThreshold, "nvmlDeviceGetTemperatureThreshold");
  library.bind_if_there(api.nvmlDeviceGetCurrentClocksThrottleReasons, "nvmlDeviceGetCurrentClocksThrottleReasons");
  library.bind(api.nvmlDeviceGetPowerUsage, "nvmlDeviceGetPowerUsage");
  library.bind(api.nvmlDeviceGetEnforcedPowerLimit, "nvmlDeviceGetEnforcedPowerLimit");
  library.bind(api.nvmlDeviceGetPowerManagementDefaultLimit, "nvmlDeviceGetPowerManagementDefaultLimit");
  library.bind(api.nvmlDeviceGetPersistenceMode, "nvmlDeviceGetPersistenceMode");
  library.bind(api.nvmlDeviceGetComputeMode, "nvmlDeviceGetComputeMode");
  library.bind(api.nvmlDeviceGetHandleByIndex_v2, "nvmlDeviceGetHandleByIndex_v2");
  library.bind(api.nvmlDeviceGetUUID, "nvmlDeviceGetUUID");
  // From the drivers on that know MIG (450).
  library.bind_if_there(api.nvmlDeviceGetMigMode, "nvmlDeviceGetMigMode");
  library.bind_if_there(api.nvmlDeviceGetAttributes_v2, "nvmlDeviceGetAttributes_v2");
  library.bind_if_there(api.nvmlDeviceGetDeviceHandleFromMigDeviceHandle,
                        "nvmlDeviceGetDeviceHandleFromMigDeviceHandle");
  library.bind(api.nvmlEventSetCreate, "nvmlEventSetCreate");
  library.bind(api.nvmlEventSetFree, "nvmlEventSetFree");
  library.bind(api.nvmlDeviceRegisterEvents, "nvmlDeviceRegisterEvents");
  library.bind_if_there(api.nvmlEventSetWait_v2, "nvmlEventSetWait_v2");
  // Its newer name, should the old one go.
  if (api.nvmlDeviceGetCurrentClocksThrottleReasons == nullptr) {
    library.bind_if_there(api.nvmlDeviceGetCurrentClocksThrottleReasons, "nvmlDeviceGetCurrentClocksEventReasons");
  }
  return api;
}

// What `ask` says of `device`; nullopt where there is no such function, no device or no answer.
template <class Value>
std::optional<Value> answer(int (*ask)(void*, Value*), void* device) {
  Value value{};
  if (ask == nullptr || device == nullptr || ask(device, &value) != 0) return std::nullopt;
  return value;
}

std::optional<unsigned int> celsius_of(int (*ask)(void*, int, unsigned int*), void* device, int which) {
  unsigned int celsius = 0;
  if (ask == nullptr || device == nullptr || ask(device, which, &celsius) != 0) return std::nullopt;
  return celsius;
}

std::string text_of(int (*ask)(void*, char*, unsigned int), void* device) {
  char text[kText] = "";
  return device != nullptr && ask(device, text, kText) == 0 ? text : "";
}

std::optional<unsigned int> clock_of(int (*ask)(void*, int, unsigned int*), void* device) {
  unsigned int megahertz = 0;
  if (ask == nullptr || device == nullptr || ask(device, kNvmlClockSm, &megahertz) != 0) return std::nullopt;
  return megahertz;
}

}  // namespace

std::string text_of_reasons(unsigned long long reasons) {
  static constexpr std::pair<unsigned int, const char*> kTexts[] = {{kNvmlPowerCap, "power cap"},
                                                                    {kNvmlHwSlowdown, "slowdown by hardware"},
                                                                    {kNvmlSwThermal, "heat, by the driver"},
                                                                    {kNvmlHwThermal, "heat, by hardware"},
                                                                    {kNvmlPowerBrake, "power brake"}};
  std::string out;
  for (const auto& [bit, text] : kTexts) {
    if ((reasons & bit) != 0) out += (out.empty() ? "" : ", ") + std::string(text);
  }
  return out;
}

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

std::size_t Nvml::count() const {
  unsigned int count = 0;
  return api_.nvmlDeviceGetCount_v2(&count) == 0 ? count : 0;
}

void* Nvml::device(const std::string& uuid) const {
  void* device = nullptr;
  return api_.nvmlDeviceGetHandleByUUID(uuid.c_str(), &device) == 0 ? device : nullptr;
}

void* Nvml::whole(void* device) const {
  return answer(api_.nvmlDeviceGetDeviceHandleFromMigDeviceHandle, device).value_or(device);
}

std::optional<NvmlSlice> Nvml::slice(void* device) const {
  if (whole(device) == device) return std::nullopt;
  return answer(api_.nvmlDeviceGetAttributes_v2, device);
}

std::vector<std::string> Nvml::sliced_gpus() const {
  std::vector<std::string> out;
  if (api_.nvmlDeviceGetMigMode == nullptr) return out;
  for (unsigned int i = 0; i < count(); ++i) {
    void* device = nullptr;
    unsigned int current = 0, pending = 0;
    if (api_.nvmlDeviceGetHandleByIndex_v2(i, &device) != 0) continue;
    if (api_.nvmlDeviceGetMigMode(device, &current, &pending) != 0 || current != kNvmlMigEnabled) continue;
    out.push_back(text_of(api_.nvmlDeviceGetUUID, device));
  }
  return out;
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

bool Nvml::is_active(void* device, unsigned int link) const {
  int active = 0;
  return device != nullptr && api_.nvmlDeviceGetNvLinkState(device, link, &active) == 0 && active == 1;
}

int Nvml::active_nvlinks(void* device) const {
  int links = 0;
  for (unsigned int link = 0; link < kMostLinks; ++link) {
    if (is_active(device, link)) ++links;
  }
  return links;
}

std::optional<bool> Nvml::is_linked(void* device, const std::string& other_pci) const {
  bool told = true;
  for (unsigned int link = 0; link < kMostLinks; ++link) {
    if (!is_active(device, link)) continue;
    int type = 0;
    NvmlPci pci{};
    if (api_.nvmlDeviceGetNvLinkRemoteDeviceType == nullptr ||
        api_.nvmlDeviceGetNvLinkRemoteDeviceType(device, link, &type) != 0) {
      told = false;
    } else if (type == kNvmlLinkToSwitch) {
      return true;
    } else if (type != kNvmlLinkToGpu || api_.nvmlDeviceGetNvLinkRemotePciInfo_v2 == nullptr ||
               api_.nvmlDeviceGetNvLinkRemotePciInfo_v2(device, link, &pci) != 0) {
      told = false;
    } else if (is_same_pci(pci.bus_id, other_pci)) {
      return true;
    }
  }
  return told ? std::optional<bool>(false) : std::nullopt;
}

std::optional<PcieLink> Nvml::pcie_link(void* device) const {
  const auto generation = answer(api_.nvmlDeviceGetCurrPcieLinkGeneration, device);
  const auto width = answer(api_.nvmlDeviceGetCurrPcieLinkWidth, device);
  const auto most_generation = answer(api_.nvmlDeviceGetMaxPcieLinkGeneration, device);
  const auto most_width = answer(api_.nvmlDeviceGetMaxPcieLinkWidth, device);
  if (!generation || !width || !most_generation || !most_width || *width == 0) return std::nullopt;
  return PcieLink{*generation, *width, *most_generation, *most_width};
}

std::string Nvml::name(void* device) const {
  return text_of(api_.nvmlDeviceGetName, device);
}

std::optional<NvmlMemory> Nvml::memory(void* device) const {
  return answer(api_.nvmlDeviceGetMemoryInfo, device);
}

MemoryHealth Nvml::memory_health(void* device) const {
  MemoryHealth out;
  int current = 0, pending = 0;
  if (device != nullptr && api_.nvmlDeviceGetEccMode(device, &current, &pending) == 0) out.ecc = current != 0;
  const auto errors = [&](int kind, int counter) -> std::optional<unsigned long long> {
    unsigned long long count = 0;
    if (device == nullptr || api_.nvmlDeviceGetTotalEccErrors(device, kind, counter, &count) != 0) return std::nullopt;
    return count;
  };
  out.uncorrected_now = errors(kNvmlUncorrectedErrors, kNvmlSinceDriverLoad);
  out.uncorrected_ever = errors(kNvmlUncorrectedErrors, kNvmlEver);
  out.corrected_now = errors(kNvmlCorrectedErrors, kNvmlSinceDriverLoad);
  unsigned int corrected = 0, uncorrected = 0, waiting = 0, failed = 0;
  if (device != nullptr && api_.nvmlDeviceGetRemappedRows != nullptr &&
      api_.nvmlDeviceGetRemappedRows(device, &corrected, &uncorrected, &waiting, &failed) == 0) {
    out.remapped_rows = corrected + uncorrected;
    out.remap_pending = waiting != 0;
    out.remap_failed = failed != 0;
  }
  out.retirement_pending = answer(api_.nvmlDeviceGetRetiredPagesPendingStatus, device).value_or(0) != 0;
  return out;
}

Sample Nvml::sample(void* device) const {
  Sample out;
  out.megahertz = sm_clock(device);
  out.celsius = celsius_of(api_.nvmlDeviceGetTemperature, device, kNvmlSensorOfGpu);
  out.milliwatts = answer(api_.nvmlDeviceGetPowerUsage, device);
  out.reasons = answer(api_.nvmlDeviceGetCurrentClocksThrottleReasons, device);
  if (const auto load = answer(api_.nvmlDeviceGetUtilizationRates, device)) out.load = load->gpu;
  return out;
}

std::optional<unsigned int> Nvml::slowdown_celsius(void* device) const {
  return celsius_of(api_.nvmlDeviceGetTemperatureThreshold, device, kNvmlSlowdownThreshold);
}

Settings Nvml::settings(void* device) const {
  Settings out;
  if (const auto mode = answer(api_.nvmlDeviceGetPersistenceMode, device)) out.persistence = *mode != 0;
  out.compute_mode = answer(api_.nvmlDeviceGetComputeMode, device);
  out.power_limit = answer(api_.nvmlDeviceGetEnforcedPowerLimit, device);
  out.default_power_limit = answer(api_.nvmlDeviceGetPowerManagementDefaultLimit, device);
  out.application_clock = clock_of(api_.nvmlDeviceGetApplicationsClock, device);
  out.default_application_clock = clock_of(api_.nvmlDeviceGetDefaultApplicationsClock, device);
  return out;
}

}  // namespace envforge::validator::gpu
