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
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetCount_v2), decltype(&::nvmlDeviceGetCount_v2)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetHandleByUUID), decltype(&::nvmlDeviceGetHandleByUUID)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetVbiosVersion), decltype(&::nvmlDeviceGetVbiosVersion)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetSerial), decltype(&::nvmlDeviceGetSerial)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetClockInfo), decltype(&::nvmlDeviceGetClockInfo)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetMaxClockInfo), decltype(&::nvmlDeviceGetMaxClockInfo)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetUtilizationRates), decltype(&::nvmlDeviceGetUtilizationRates)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetComputeRunningProcesses_v3),
                    decltype(&::nvmlDeviceGetComputeRunningProcesses_v3)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetNvLinkState), decltype(&::nvmlDeviceGetNvLinkState)>);
static_assert(
    kSame<decltype(NvmlApi::nvmlDeviceGetCurrPcieLinkGeneration), decltype(&::nvmlDeviceGetCurrPcieLinkGeneration)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetCurrPcieLinkWidth), decltype(&::nvmlDeviceGetCurrPcieLinkWidth)>);
static_assert(
    kSame<decltype(NvmlApi::nvmlDeviceGetMaxPcieLinkGeneration), decltype(&::nvmlDeviceGetMaxPcieLinkGeneration)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetMaxPcieLinkWidth), decltype(&::nvmlDeviceGetMaxPcieLinkWidth)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetName), decltype(&::nvmlDeviceGetName)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetEccMode), decltype(&::nvmlDeviceGetEccMode)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetTotalEccErrors), decltype(&::nvmlDeviceGetTotalEccErrors)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetRemappedRows), decltype(&::nvmlDeviceGetRemappedRows)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetRetiredPagesPendingStatus),
                    decltype(&::nvmlDeviceGetRetiredPagesPendingStatus)>);
static_assert(
    kSame<decltype(NvmlApi::nvmlDeviceGetTemperatureThreshold), decltype(&::nvmlDeviceGetTemperatureThreshold)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetPowerUsage), decltype(&::nvmlDeviceGetPowerUsage)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetEnforcedPowerLimit), decltype(&::nvmlDeviceGetEnforcedPowerLimit)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetPowerManagementDefaultLimit),
                    decltype(&::nvmlDeviceGetPowerManagementDefaultLimit)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetPersistenceMode), decltype(&::nvmlDeviceGetPersistenceMode)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetComputeMode), decltype(&::nvmlDeviceGetComputeMode)>);
static_assert(kSame<decltype(NvmlApi::nvmlEventSetCreate), decltype(&::nvmlEventSetCreate)>);
static_assert(kSame<decltype(NvmlApi::nvmlEventSetFree), decltype(&::nvmlEventSetFree)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceRegisterEvents), decltype(&::nvmlDeviceRegisterEvents)>);
static_assert(kSame<decltype(NvmlApi::nvmlEventSetWait_v2), decltype(&::nvmlEventSetWait_v2)>);
// Declared as deprecated in 13.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetTemperature), decltype(&::nvmlDeviceGetTemperature)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetApplicationsClock), decltype(&::nvmlDeviceGetApplicationsClock)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetDefaultApplicationsClock),
                    decltype(&::nvmlDeviceGetDefaultApplicationsClock)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetCurrentClocksThrottleReasons),
                    decltype(&::nvmlDeviceGetCurrentClocksThrottleReasons)>);
#pragma GCC diagnostic pop
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetMemoryInfo), decltype(&::nvmlDeviceGetMemoryInfo)>);
static_assert(sizeof(NvmlMemory) == sizeof(nvmlMemory_t));
static_assert(offsetof(NvmlMemory, used) == offsetof(nvmlMemory_t, used));
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetHandleByIndex_v2), decltype(&::nvmlDeviceGetHandleByIndex_v2)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetUUID), decltype(&::nvmlDeviceGetUUID)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetMigMode), decltype(&::nvmlDeviceGetMigMode)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetAttributes_v2), decltype(&::nvmlDeviceGetAttributes_v2)>);
static_assert(kSame<decltype(NvmlApi::nvmlDeviceGetDeviceHandleFromMigDeviceHandle),
                    decltype(&::nvmlDeviceGetDeviceHandleFromMigDeviceHandle)>);
static_assert(sizeof(NvmlSlice) == sizeof(nvmlDeviceAttributes_t));
static_assert(offsetof(NvmlSlice, multiprocessors) == offsetof(nvmlDeviceAttributes_t, multiprocessorCount));
static_assert(offsetof(NvmlSlice, gpu_slices) == offsetof(nvmlDeviceAttributes_t, gpuInstanceSliceCount));
static_assert(offsetof(NvmlSlice, memory_mib) == offsetof(nvmlDeviceAttributes_t, memorySizeMB));
static_assert(kNvmlMigEnabled == NVML_DEVICE_MIG_ENABLE);
static_assert(sizeof(NvmlEvent) == sizeof(nvmlEventData_t));
static_assert(offsetof(NvmlEvent, type) == offsetof(nvmlEventData_t, eventType));
static_assert(offsetof(NvmlEvent, data) == offsetof(nvmlEventData_t, eventData));
static_assert(kNvmlCorrectedErrors == int(NVML_MEMORY_ERROR_TYPE_CORRECTED));
static_assert(kNvmlUncorrectedErrors == int(NVML_MEMORY_ERROR_TYPE_UNCORRECTED));
static_assert(
    kSame<decltype(NvmlApi::nvmlDeviceGetNvLinkRemoteDeviceType), decltype(&::nvmlDeviceGetNvLinkRemoteDeviceType)>);
static_assert(
    kSame<decltype(NvmlApi::nvmlDeviceGetNvLinkRemotePciInfo_v2), decltype(&::nvmlDeviceGetNvLinkRemotePciInfo_v2)>);
static_assert(sizeof(NvmlPci) == sizeof(nvmlPciInfo_t));
static_assert(offsetof(NvmlPci, bus_id) == offsetof(nvmlPciInfo_t, busId));
static_assert(kNvmlLinkToGpu == int(NVML_NVLINK_DEVICE_TYPE_GPU));
static_assert(kNvmlLinkToSwitch == int(NVML_NVLINK_DEVICE_TYPE_SWITCH));
static_assert(kNvmlSinceDriverLoad == int(NVML_VOLATILE_ECC));
static_assert(kNvmlEver == int(NVML_AGGREGATE_ECC));
static_assert(kNvmlSensorOfGpu == int(NVML_TEMPERATURE_GPU));
static_assert(kNvmlSlowdownThreshold == int(NVML_TEMPERATURE_THRESHOLD_SLOWDOWN));
static_assert(kNvmlComputeModeDefault == int(NVML_COMPUTEMODE_DEFAULT));
static_assert(kNvmlComputeModeProhibited == int(NVML_COMPUTEMODE_PROHIBITED));
static_assert(kNvmlComputeModeExclusiveProcess == int(NVML_COMPUTEMODE_EXCLUSIVE_PROCESS));
static_assert(kNvmlEventDoubleBitError == nvmlEventTypeDoubleBitEccError);
static_assert(kNvmlEventXid == nvmlEventTypeXidCriticalError);
static_assert(kNvmlIdle == nvmlClocksThrottleReasonGpuIdle);
static_assert(kNvmlSetClocks == nvmlClocksThrottleReasonApplicationsClocksSetting);
static_assert(kNvmlSyncBoost == nvmlClocksThrottleReasonSyncBoost);
static_assert(kNvmlPowerCap == nvmlClocksThrottleReasonSwPowerCap);
static_assert(kNvmlHwSlowdown == nvmlClocksThrottleReasonHwSlowdown);
static_assert(kNvmlSwThermal == nvmlClocksThrottleReasonSwThermalSlowdown);
static_assert(kNvmlHwThermal == nvmlClocksThrottleReasonHwThermalSlowdown);
static_assert(kNvmlPowerBrake == nvmlClocksThrottleReasonHwPowerBrakeSlowdown);
static_assert(kNvmlClockSm == int(NVML_CLOCK_SM));
static_assert(kNvmlInsufficientSize == int(NVML_ERROR_INSUFFICIENT_SIZE));
static_assert(sizeof(NvmlUtilization) == sizeof(nvmlUtilization_t));
static_assert(sizeof(NvmlProcess) == sizeof(nvmlProcessInfo_t));
static_assert(offsetof(NvmlProcess, pid) == offsetof(nvmlProcessInfo_t, pid));
static_assert(offsetof(NvmlProcess, used_bytes) == offsetof(nvmlProcessInfo_t, usedGpuMemory));

}  // namespace
