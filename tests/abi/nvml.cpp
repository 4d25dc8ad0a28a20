// Compiled only: our declarations of NVML against a real nvml.h.
#include <nvml.h>

#include <cstddef>

#include "canonical.hpp"
#include "gpu/nvml_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

static_assert(kSame<decltype(NvmlApi::nvmlInit_v2), int (*)()>);
static_assert(kSame<decltype(NvmlApi::nvmlErrorString), decltype(&::nvmlErrorString)>);
static_assert(kSame<decltype(NvmlApi::nvmlSystemGetDriverVersion), decltype(&::nvmlSystemGetDriverVersion)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetHandleByUUID), decltype(&::nvmlDeviceGetHandleByUUID)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetVbiosVersion), decltype(&::nvmlDeviceGetVbiosVersion)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetSerial), decltype(&::nvmlDeviceGetSerial)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetClockInfo), decltype(&::nvmlDeviceGetClockInfo)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetMaxClockInfo), decltype(&::nvmlDeviceGetMaxClockInfo)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetUtilizationRates), decltype(&::nvmlDeviceGetUtilizationRates)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetComputeRunningProcesses_v3),
                    decltype(&::nvmlDeviceGetComputeRunningProcesses_v3)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetNvLinkState), decltype(&::nvmlDeviceGetNvLinkState)>);
static_assert(kNvmlClockSm == int(NVML_CLOCK_SM));
static_assert(kNvmlInsufficientSize == int(NVML_ERROR_INSUFFICIENT_SIZE));
static_assert(sizeof(NvmlUtilization) == sizeof(nvmlUtilization_t));
static_assert(sizeof(NvmlProcess) == sizeof(nvmlProcessInfo_t));
static_assert(offsetof(NvmlProcess, pid) == offsetof(nvmlProcessInfo_t, pid));
static_assert(offsetof(NvmlProcess, used_bytes) == offsetof(nvmlProcessInfo_t, usedGpuMemory));

}  // namespace
