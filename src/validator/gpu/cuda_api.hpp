// The functions of libcuda.so.1 that the groups call, in their versioned spelling, and the numbers they take. The only
// place that declares them; tests/abi compares it with NVIDIA's headers of CUDA 11.8, 12.x and 13.x.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <envforge/protocol/report.hpp>

#include "gpu/shared_library.hpp"

namespace envforge::validator::gpu {

struct CudaApi {
  int (*cuInit)(unsigned int flags);
  int (*cuDriverGetVersion)(int* version);
  int (*cuDeviceGetCount)(int* count);
  int (*cuDeviceGet)(int* device, int ordinal);
  int (*cuDeviceGetName)(char* name, int size, int device);
  int (*cuDeviceGetUuid)(void* uuid16, int device);  // _v2 where there is one: that knows MIG
  int (*cuDeviceTotalMem_v2)(std::size_t* bytes, int device);
  int (*cuDeviceGetAttribute)(int* value, int attribute, int device);
  int (*cuDeviceGetPCIBusId)(char* text, int size, int device);
  int (*cuDevicePrimaryCtxRetain)(void** context, int device);
  int (*cuDevicePrimaryCtxRelease_v2)(int device);
  int (*cuCtxSetCurrent)(void* context);
  int (*cuCtxSynchronize)();
  int (*cuMemAlloc_v2)(unsigned long long* address, std::size_t bytes);
  int (*cuMemFree_v2)(unsigned long long address);
  int (*cuMemGetInfo_v2)(std::size_t* free_bytes, std::size_t* total_bytes);
  int (*cuMemcpyHtoD_v2)(unsigned long long to, const void* from, std::size_t bytes);
  int (*cuMemcpyDtoH_v2)(void* to, unsigned long long from, std::size_t bytes);
  int (*cuMemcpyDtoD_v2)(unsigned long long to, unsigned long long from, std::size_t bytes);
  int (*cuMemsetD8_v2)(unsigned long long to, unsigned char value, std::size_t bytes);
  int (*cuMemAllocHost_v2)(void** address, std::size_t bytes);
  int (*cuMemFreeHost)(void* address);
  int (*cuModuleLoadData)(void** module, const void* image);
  int (*cuModuleUnload)(void* module);
  int (*cuModuleGetFunction)(void** function, void* module, const char* name);
  int (*cuLaunchKernel)(void* function, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
                        unsigned int block_x, unsigned int block_y, unsigned int block_z, unsigned int shared_bytes,
                        void* stream, void** arguments, void** extra);
  int (*cuEventCreate)(void** event, unsigned int flags);
  int (*cuEventRecord)(void* event, void* stream);
  int (*cuEventSynchronize)(void* event);
  int (*cuEventQuery)(void* event);
  int (*cuEventElapsedTime)(float* milliseconds, void* start, void* end);
  int (*cuEventDestroy_v2)(void* event);
  int (*cuStreamCreate)(void** stream, unsigned int flags);
  int (*cuStreamDestroy_v2)(void* stream);
  int (*cuStreamSynchronize)(void* stream);
  int (*cuStreamWaitEvent)(void* stream, void* event, unsigned int flags);
  int (*cuMemcpyHtoDAsync_v2)(unsigned long long to, const void* from, std::size_t bytes, void* stream);
  int (*cuMemcpyDtoHAsync_v2)(void* to, unsigned long long from, std::size_t bytes, void* stream);
  int (*cuMemcpyDtoDAsync_v2)(unsigned long long to, unsigned long long from, std::size_t bytes, void* stream);
  int (*cuMemAllocManaged)(unsigned long long* address, std::size_t bytes, unsigned int flags);
  int (*cuStreamBeginCapture_v2)(void* stream, int mode);
  int (*cuStreamEndCapture)(void* stream, void** graph);
  int (*cuGraphInstantiateWithFlags)(void** executable, void* graph, unsigned long long flags);  // drivers from R470 on
  int (*cuGraphLaunch)(void* executable, void* stream);
  int (*cuGraphExecDestroy)(void* executable);
  int (*cuGraphDestroy)(void* graph);
  int (*cuDeviceCanAccessPeer)(int* can, int device, int peer);
  int (*cuCtxEnablePeerAccess)(void* peer_context, unsigned int flags);
  int (*cuMemcpyPeerAsync)(unsigned long long to, void* to_context, unsigned long long from, void* from_context,
                           std::size_t bytes, void* stream);
  int (*cuGetErrorName)(int error, const char** text);
  int (*cuGetErrorString)(int error, const char** text);

  /// Throws harness::Failure that names the layer when `status` is not 0; `call` as one would write it.
  void check(int status, const std::string& call) const;
  std::string text_of(int status) const;
};

/// CUdevice_attribute.
enum CudaAttribute : int {
  kMultiprocessorCount = 16,
  kMemoryClockKilohertz = 36,
  kMemoryBusBits = 37,
  kUnifiedAddressing = 41,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kManagedMemory = 83,
  kConcurrentManagedAccess = 89,
};

/// Flags of the calls above.
enum CudaFlag : int {
  kStreamNonBlocking = 1,       // of cuStreamCreate: not in step with the legacy stream
  kAttachGlobal = 1,            // of cuMemAllocManaged
  kCaptureModeThreadLocal = 1,  // of cuStreamBeginCapture
};

/// CUresult, as far as a layer at fault follows from them.
enum CudaStatus : int {
  kCudaOutOfMemory = 2,
  kCudaStubLibrary = 34,
  kCudaDeviceUnavailable = 46,
  kCudaNoDevice = 100,
  kCudaNoBinaryForGpu = 209,
  kCudaPeerAccessAlreadyEnabled = 704,
  kCudaEccUncorrectable = 214,
  kCudaUnsupportedPtxVersion = 222,
  kCudaNotReady = 600,
  kCudaSystemNotReady = 802,
  kCudaSystemDriverMismatch = 803,
  kCudaCompatNotSupportedOnDevice = 804,
};

/// Binds every function; throws harness::Failure for one that is missing.
CudaApi bind_cuda(const SharedLibrary& library);
/// The layer at fault and the command that mends it.
struct Blame {
  protocol::Layer layer;
  std::string evidence, mend;
};
Blame blame_of_cuda(int status);

}  // namespace envforge::validator::gpu
