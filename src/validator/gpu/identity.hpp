// Who a GPU is, as CUDA and NVML say it. Used by the checks container.gpus and cuda.device.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

#include "gpu/cuda_api.hpp"
#include "gpu/nvml_api.hpp"

namespace envforge::validator::gpu {

/// "GPU-3f2a....": 16 bytes in NVIDIA's way of writing them. `prefix` is "GPU-" or "MIG-".
std::string uuid_text(const unsigned char* bytes, const std::string& prefix);
/// Everything about device `ordinal` of this process; `nvml` may be nullptr.
protocol::GpuInfo describe_gpu(const CudaApi& api, int ordinal, const Nvml* nvml);
/// "13.0" of 13000.
std::string cuda_version_text(int version);

}  // namespace envforge::validator::gpu
