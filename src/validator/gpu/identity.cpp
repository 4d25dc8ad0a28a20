#include "gpu/identity.hpp"

#include <cstdio>

namespace envforge::validator::gpu {

std::string uuid_text(const unsigned char* bytes, const std::string& prefix) {
  std::string text = prefix;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    char two[3];
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    text += two;
  }
  return text;
}

std::string cuda_version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

protocol::GpuInfo describe_gpu(const CudaApi& api, int ordinal, const Nvml* nvml) {
  int device = 0;
  api.check(api.cuDeviceGet(&device, ordinal), "cuDeviceGet");
  unsigned char bytes[16] = {};
  api.check(api.cuDeviceGetUuid(bytes, device), "cuDeviceGetUuid");
  char name[128] = "";
  api.check(api.cuDeviceGetName(name, sizeof name, device), "cuDeviceGetName");
  char bus[64] = "";
  api.check(api.cuDeviceGetPCIBusId(bus, sizeof bus, device), "cuDeviceGetPCIBusId");
  std::size_t memory = 0;
  api.check(api.cuDeviceTotalMem_v2(&memory, device), "cuDeviceTotalMem");
  int major = 0, minor = 0;
  api.check(api.cuDeviceGetAttribute(&major, kComputeCapabilityMajor, device), "cuDeviceGetAttribute");
  api.check(api.cuDeviceGetAttribute(&minor, kComputeCapabilityMinor, device), "cuDeviceGetAttribute");

  protocol::GpuInfo gpu;
  gpu.uuid = uuid_text(bytes, "GPU-");
  gpu.name = name;
  gpu.pci_bus_id = bus;
  gpu.memory_bytes = memory;
  gpu.compute_capability = std::to_string(major) + "." + std::to_string(minor);
  if (nvml == nullptr) return gpu;
  void* handle = nvml->device(gpu.uuid);
  if (handle == nullptr) {
    // A slice of a GPU has the same bytes behind another prefix.
    const std::string mig = uuid_text(bytes, "MIG-");
    handle = nvml->device(mig);
    gpu.mig = handle != nullptr;
    if (gpu.mig) gpu.uuid = mig;
  }
  gpu.vbios = nvml->vbios(handle);
  gpu.serial = nvml->serial(handle);
  gpu.used_by = nvml->users(handle);
  return gpu;
}

}  // namespace envforge::validator::gpu
