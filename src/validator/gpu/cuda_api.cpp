#include "gpu/cuda_api.hpp"

#include "harness/check.hpp"

namespace envforge::validator::gpu {

using protocol::Layer;

CudaApi bind_cuda(const SharedLibrary& library) {
  CudaApi api{};
  library.bind(api.cuInit, "cuInit");
  library.bind(api.cuDriverGetVersion, "cuDriverGetVersion");
  library.bind(api.cuDeviceGetCount, "cuDeviceGetCount");
  library.bind(api.cuDeviceGet, "cuDeviceGet");
  library.bind(api.cuDeviceGetName, "cuDeviceGetName");
  library.bind_if_there(api.cuDeviceGetUuid, "cuDeviceGetUuid_v2");
  if (api.cuDeviceGetUuid == nullptr) library.bind(api.cuDeviceGetUuid, "cuDeviceGetUuid");
  library.bind(api.cuDeviceTotalMem_v2, "cuDeviceTotalMem_v2");
  library.bind(api.cuDeviceGetAttribute, "cuDeviceGetAttribute");
  library.bind(api.cuDeviceGetPCIBusId, "cuDeviceGetPCIBusId");
  library.bind(api.cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain");
  library.bind(api.cuDevicePrimaryCtxRelease_v2, "cuDevicePrimaryCtxRelease_v2");
  library.bind(api.cuCtxSetCurrent, "cuCtxSetCurrent");
  library.bind(api.cuCtxSynchronize, "cuCtxSynchronize");
  library.bind(api.cuMemAlloc_v2, "cuMemAlloc_v2");
  library.bind(api.cuMemFree_v2, "cuMemFree_v2");
  library.bind(api.cuMemGetInfo_v2, "cuMemGetInfo_v2");
  library.bind(api.cuMemcpyHtoD_v2, "cuMemcpyHtoD_v2");
  library.bind(api.cuMemcpyDtoH_v2, "cuMemcpyDtoH_v2");
  library.bind(api.cuMemcpyDtoD_v2, "cuMemcpyDtoD_v2");
  library.bind(api.cuMemsetD8_v2, "cuMemsetD8_v2");
  library.bind(api.cuMemAllocHost_v2, "cuMemAllocHost_v2");
  library.bind(api.cuMemFreeHost, "cuMemFreeHost");
  library.bind(api.cuModuleLoadData, "cuModuleLoadData");
  library.bind(api.cuModuleUnload, "cuModuleUnload");
  library.bind(api.cuModuleGetFunction, "cuModuleGetFunction");
  library.bind(api.cuLaunchKernel, "cuLaunchKernel");
  library.bind(api.cuEventCreate, "cuEventCreate");
  library.bind(api.cuEventRecord, "cuEventRecord");
  library.bind(api.cuEventSynchronize, "cuEventSynchronize");
  library.bind(api.cuEventQuery, "cuEventQuery");
  library.bind(api.cuEventElapsedTime, "cuEventElapsedTime");
  library.bind(api.cuEventDestroy_v2, "cuEventDestroy_v2");
  library.bind(api.cuStreamCreate, "cuStreamCreate");
  library.bind(api.cuStreamDestroy_v2, "cuStreamDestroy_v2");
  library.bind(api.cuStreamSynchronize, "cuStreamSynchronize");
  library.bind(api.cuStreamWaitEvent, "cuStreamWaitEvent");
  library.bind(api.cuMemcpyHtoDAsync_v2, "cuMemcpyHtoDAsync_v2");
  library.bind(api.cuMemcpyDtoHAsync_v2, "cuMemcpyDtoHAsync_v2");
  library.bind(api.cuMemcpyDtoDAsync_v2, "cuMemcpyDtoDAsync_v2");
  library.bind(api.cuMemAllocManaged, "cuMemAllocManaged");
  library.bind(api.cuStreamBeginCapture_v2, "cuStreamBeginCapture_v2");
  library.bind(api.cuStreamEndCapture, "cuStreamEndCapture");
  library.bind_if_there(api.cuGraphInstantiateWithFlags, "cuGraphInstantiateWithFlags");
  library.bind(api.cuGraphLaunch, "cuGraphLaunch");
  library.bind(api.cuGraphExecDestroy, "cuGraphExecDestroy");
  library.bind(api.cuGraphDestroy, "cuGraphDestroy");
  library.bind(api.cuDeviceCanAccessPeer, "cuDeviceCanAccessPeer");
  library.bind(api.cuCtxEnablePeerAccess, "cuCtxEnablePeerAccess");
  library.bind(api.cuMemcpyPeerAsync, "cuMemcpyPeerAsync");
  library.bind(api.cuGetErrorName, "cuGetErrorName");
  library.bind(api.cuGetErrorString, "cuGetErrorString");
  return api;
}

Blame blame_of_cuda(int status) {
  switch (status) {
    case kCudaStubLibrary:
      return {Layer::kImage, "libcuda is the toolkit's stub, which only serves to link",
              "take the folder `stubs` out of LD_LIBRARY_PATH in the image"};
    case kCudaDeviceUnavailable:
      return {Layer::kHostDriver, "another process holds the GPU in exclusive mode, or MIG is being changed",
              "nvidia-smi -c DEFAULT"};
    case kCudaNoDevice:
      return {Layer::kContainerFlags, "the driver library is there, but no GPU is", "docker run --gpus all ..."};
    case kCudaNoBinaryForGpu:
      return {Layer::kImage, "the image has no machine code for this GPU",
              "name this GPU in the recipe's target and build again"};
    case kCudaEccUncorrectable:
      return {Layer::kHardware, "the GPU reports memory that cannot be corrected",
              "nvidia-smi --gpu-reset, or replace it"};
    case kCudaUnsupportedPtxVersion:
      return {Layer::kImage, "the image's PTX is newer than this driver compiles",
              "state the host's driver in the recipe's target and build again"};
    case kCudaSystemNotReady:
      return {Layer::kHostDriver, "the fabric manager of the host does not run, or the GPU is being initialised",
              "systemctl start nvidia-fabricmanager"};
    case kCudaSystemDriverMismatch:
      return {Layer::kHostDriver, "libcuda and the kernel module are of different versions",
              "reboot the host after its driver was updated, and keep libcuda out of the image"};
    case kCudaCompatNotSupportedOnDevice:
      return {Layer::kImage,
              "the image's cuda-compat library is used on a GPU that forward compatibility does not cover",
              "remove the package cuda-compat from the image, or update the host's driver"};
    default:
      return {Layer::kImage, "", ""};
  }
}

std::string CudaApi::text_of(int status) const {
  const char* name = nullptr;
  const char* text = nullptr;
  if (cuGetErrorName(status, &name) != 0 || name == nullptr) name = "unknown error";
  if (cuGetErrorString(status, &text) != 0 || text == nullptr) text = "";
  return std::string(name) + " (" + std::to_string(status) + (*text == '\0' ? "" : std::string(", ") + text) + ")";
}

void CudaApi::check(int status, const std::string& call) const {
  if (status == 0) return;
  const Blame blame = blame_of_cuda(status);
  throw harness::Failure(call + ": " + text_of(status), blame.layer, blame.evidence, blame.mend);
}

}  // namespace envforge::validator::gpu
