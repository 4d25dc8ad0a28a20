// Compiled only: our declarations of the driver API against a real cuda.h.
#include <cuda.h>

#include "canonical.hpp"
#include "gpu/cuda_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

static_assert(kSame<decltype(CudaApi::cuInit), decltype(&::cuInit)>);
static_assert(kSame<decltype(CudaApi::cuDriverGetVersion), decltype(&::cuDriverGetVersion)>);
static_assert(kSame<decltype(CudaApi::cuDeviceGetCount), decltype(&::cuDeviceGetCount)>);
static_assert(kSame<decltype(CudaApi::cuDeviceGet), decltype(&::cuDeviceGet)>);
static_assert(kSame<decltype(CudaApi::cuDeviceGetName), decltype(&::cuDeviceGetName)>);
static_assert(kSame<decltype(CudaApi::cuDeviceGetUuid), decltype(&::cuDeviceGetUuid)>);
static_assert(kSame<decltype(CudaApi::cuDeviceGetUuid), decltype(&::cuDeviceGetUuid_v2)>);
static_assert(kSame<decltype(CudaApi::cuDeviceTotalMem_v2), decltype(&::cuDeviceTotalMem_v2)>);
static_assert(kSame<decltype(CudaApi::cuDeviceGetAttribute), decltype(&::cuDeviceGetAttribute)>);
static_assert(kSame<decltype(CudaApi::cuDeviceGetPCIBusId), decltype(&::cuDeviceGetPCIBusId)>);
static_assert(kSame<decltype(CudaApi::cuDevicePrimaryCtxRetain), decltype(&::cuDevicePrimaryCtxRetain)>);
static_assert(kSame<decltype(CudaApi::cuDevicePrimaryCtxRelease_v2), decltype(&::cuDevicePrimaryCtxRelease_v2)>);
static_assert(kSame<decltype(CudaApi::cuCtxSetCurrent), decltype(&::cuCtxSetCurrent)>);
static_assert(kSame<decltype(CudaApi::cuCtxSynchronize), int (*)()>);
static_assert(kSame<decltype(CudaApi::cuMemAlloc_v2), decltype(&::cuMemAlloc_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemFree_v2), decltype(&::cuMemFree_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemGetInfo_v2), decltype(&::cuMemGetInfo_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemcpyHtoD_v2), decltype(&::cuMemcpyHtoD_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemcpyDtoH_v2), decltype(&::cuMemcpyDtoH_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemcpyDtoD_v2), decltype(&::cuMemcpyDtoD_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemsetD8_v2), decltype(&::cuMemsetD8_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemAllocHost_v2), decltype(&::cuMemAllocHost_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemFreeHost), decltype(&::cuMemFreeHost)>);
static_assert(kSame<decltype(CudaApi::cuModuleLoadData), decltype(&::cuModuleLoadData)>);
static_assert(kSame<decltype(CudaApi::cuModuleUnload), decltype(&::cuModuleUnload)>);
static_assert(kSame<decltype(CudaApi::cuModuleGetFunction), decltype(&::cuModuleGetFunction)>);
static_assert(kSame<decltype(CudaApi::cuLaunchKernel), decltype(&::cuLaunchKernel)>);
static_assert(kSame<decltype(CudaApi::cuEventCreate), decltype(&::cuEventCreate)>);
static_assert(kSame<decltype(CudaApi::cuEventRecord), decltype(&::cuEventRecord)>);
static_assert(kSame<decltype(CudaApi::cuEventSynchronize), decltype(&::cuEventSynchronize)>);
static_assert(kSame<decltype(CudaApi::cuEventQuery), decltype(&::cuEventQuery)>);
static_assert(kSame<decltype(CudaApi::cuEventElapsedTime), decltype(&::cuEventElapsedTime)>);
static_assert(kSame<decltype(CudaApi::cuEventDestroy_v2), decltype(&::cuEventDestroy_v2)>);
static_assert(kSame<decltype(CudaApi::cuStreamCreate), decltype(&::cuStreamCreate)>);
static_assert(kSame<decltype(CudaApi::cuStreamDestroy_v2), decltype(&::cuStreamDestroy_v2)>);
static_assert(kSame<decltype(CudaApi::cuStreamSynchronize), decltype(&::cuStreamSynchronize)>);
static_assert(kSame<decltype(CudaApi::cuStreamWaitEvent), decltype(&::cuStreamWaitEvent)>);
static_assert(kSame<decltype(CudaApi::cuMemcpyHtoDAsync_v2), decltype(&::cuMemcpyHtoDAsync_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemcpyDtoHAsync_v2), decltype(&::cuMemcpyDtoHAsync_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemcpyDtoDAsync_v2), decltype(&::cuMemcpyDtoDAsync_v2)>);
static_assert(kSame<decltype(CudaApi::cuMemAllocManaged), decltype(&::cuMemAllocManaged)>);
static_assert(kSame<decltype(CudaApi::cuStreamBeginCapture_v2), decltype(&::cuStreamBeginCapture_v2)>);
static_assert(kSame<decltype(CudaApi::cuStreamEndCapture), decltype(&::cuStreamEndCapture)>);
static_assert(kSame<decltype(CudaApi::cuGraphInstantiateWithFlags), decltype(&::cuGraphInstantiateWithFlags)>);
static_assert(kSame<decltype(CudaApi::cuGraphLaunch), decltype(&::cuGraphLaunch)>);
static_assert(kSame<decltype(CudaApi::cuGraphExecDestroy), decltype(&::cuGraphExecDestroy)>);
static_assert(kSame<decltype(CudaApi::cuGraphDestroy), decltype(&::cuGraphDestroy)>);
static_assert(kSame<decltype(CudaApi::cuDeviceCanAccessPeer), decltype(&::cuDeviceCanAccessPeer)>);
static_assert(kSame<decltype(CudaApi::cuCtxEnablePeerAccess), decltype(&::cuCtxEnablePeerAccess)>);
static_assert(kSame<decltype(CudaApi::cuMemcpyPeerAsync), decltype(&::cuMemcpyPeerAsync)>);
static_assert(kSame<decltype(CudaApi::cuGetErrorName), decltype(&::cuGetErrorName)>);
static_assert(kSame<decltype(CudaApi::cuGetErrorString), decltype(&::cuGetErrorString)>);
static_assert(kMultiprocessorCount == int(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
static_assert(kComputeCapabilityMajor == int(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR));
static_assert(kComputeCapabilityMinor == int(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
static_assert(kMemoryClockKilohertz == int(CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE));
static_assert(kMemoryBusBits == int(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH));
static_assert(kUnifiedAddressing == int(CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING));
static_assert(kManagedMemory == int(CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY));
static_assert(kConcurrentManagedAccess == int(CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS));
static_assert(kStreamNonBlocking == int(CU_STREAM_NON_BLOCKING));
static_assert(kAttachGlobal == int(CU_MEM_ATTACH_GLOBAL));
static_assert(kCaptureModeThreadLocal == int(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
static_assert(kCudaPeerAccessAlreadyEnabled == int(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED));
static_assert(kCudaStubLibrary == int(CUDA_ERROR_STUB_LIBRARY));
static_assert(kCudaDeviceUnavailable == int(CUDA_ERROR_DEVICE_UNAVAILABLE));
static_assert(kCudaNoDevice == int(CUDA_ERROR_NO_DEVICE));
static_assert(kCudaNoBinaryForGpu == int(CUDA_ERROR_NO_BINARY_FOR_GPU));
static_assert(kCudaEccUncorrectable == int(CUDA_ERROR_ECC_UNCORRECTABLE));
static_assert(kCudaUnsupportedPtxVersion == int(CUDA_ERROR_UNSUPPORTED_PTX_VERSION));
static_assert(kCudaNotReady == int(CUDA_ERROR_NOT_READY));
static_assert(kCudaSystemNotReady == int(CUDA_ERROR_SYSTEM_NOT_READY));
static_assert(kCudaSystemDriverMismatch == int(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH));
static_assert(kCudaCompatNotSupportedOnDevice == int(CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE));

}  // namespace
