// What the checks of one GPU group share: the image's libraries, the driver API, one GPU and our kernels on it.
// Libraries are opened and kernels compiled in `prepare`; the GPU is touched first in `run`, when the group has its
// turn.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gpu/cuda_api.hpp"
#include "gpu/device.hpp"
#include "gpu/image_libraries.hpp"
#include "gpu/kernels.hpp"
#include "gpu/nvml_api.hpp"
#include "gpu/nvrtc_api.hpp"
#include "harness/context.hpp"

namespace envforge::validator::gpu {

class Session {
 public:
  explicit Session(harness::Context& context, Torch torch = Torch::kAsItsRulesSay);

  ImageLibraries& libraries() { return libraries_; }
  const CudaApi& cuda() const { return cuda_; }
  const NvrtcApi& nvrtc() const { return nvrtc_; }
  const std::string& architecture() const { return architecture_; }
  /// The group's first GPU.
  const Device& device();
  const Kernels& kernels();
  /// GPU `ordinal` of several, with kernels of its own.
  std::unique_ptr<Device> other_device(int ordinal) const { return std::make_unique<Device>(cuda_, ordinal); }
  /// How much memory of the first GPU a check may take.
  double room() { return static_cast<double>(device().free_bytes()) * context_.request().memory_fraction; }
  const std::string& cubin() const { return cubin_; }
  /// Compiles the reference of layers, in `prepare` of a check that asks for operations().
  void prepare_operations();
  const Kernels& operations();
  const std::optional<Nvml>& nvml();
  std::string uuid() const { return context_.request().gpus.front().uuid; }

 private:
  harness::Context& context_;
  ImageLibraries libraries_;
  CudaApi cuda_{};
  NvrtcApi nvrtc_{};
  std::string architecture_, cubin_, operations_cubin_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<Kernels> kernels_, operations_;
  std::optional<Nvml> nvml_;
  bool nvml_asked_ = false;
};

/// "sm_90" of "9.0".
std::string architecture_of(const std::string& compute_capability);

}  // namespace envforge::validator::gpu
