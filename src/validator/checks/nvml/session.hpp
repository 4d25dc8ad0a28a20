// What the checks of this group share: NVML, and the GPUs of the run as it knows them. No CUDA: this group works beside
// the ones that use the GPUs.
#pragma once

#include <string>
#include <vector>

#include "gpu/nvml_api.hpp"
#include "harness/check.hpp"

namespace envforge::validator::nvml {

struct Watched {
  std::string uuid, pci;
  void* handle;  // of what the run uses: a GPU, or a slice (MIG) of one
  void* board;   // of the whole GPU: a slice has no clock, heat and memory errors of its own
};

struct Session {
  explicit Session(harness::Context& context) {
    context.doing("nvmlInit");
    if (auto started = gpu::Nvml::start()) nvml.emplace(std::move(*started));
    if (!nvml) {
      throw harness::Failure("NVML (libnvidia-ml.so.1) is not in the container or does not start",
                             protocol::Layer::kContainerFlags, "nvmlInit",
                             "docker run -e NVIDIA_DRIVER_CAPABILITIES=compute,utility --gpus all ...");
    }
    for (const auto& one : context.request().gpus) {
      if (void* handle = nvml->device(one.uuid))
        gpus.push_back({one.uuid, one.pci_bus_id, handle, nvml->whole(handle)});
    }
    if (gpus.empty()) throw harness::Skip("NVML knows none of the run's GPUs");
  }
  std::optional<gpu::Nvml> nvml;
  std::vector<Watched> gpus;
};

}  // namespace envforge::validator::nvml
