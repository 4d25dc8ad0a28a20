#include "gpu/session.hpp"

#include "harness/check.hpp"

namespace envforge::validator::gpu {

using protocol::Layer;

std::string architecture_of(const std::string& compute_capability) {
  std::string digits;
  for (const char c : compute_capability) {
    if (c != '.') digits += c;
  }
  return "sm_" + digits;
}

Session::Session(harness::Context& context, Torch torch) : context_(context), libraries_(context, torch) {
  if (context.request().gpus.empty()) throw harness::Skip("no GPU is visible");
  const SharedLibrary driver = open_driver_library("libcuda.so.1");
  if (!driver.ok()) {
    throw harness::Failure("libcuda.so.1 does not load: " + driver.error(), Layer::kContainerFlags,
                           "the driver's library comes from the host", "docker run --gpus all ...");
  }
  cuda_ = bind_cuda(driver);
  const SharedLibrary nvrtc = libraries_.open("libnvrtc", {"13", "12", "11.2"});
  nvrtc_ = bind_nvrtc(nvrtc);
  int major = 0, minor = 0;
  nvrtc_.nvrtcVersion(&major, &minor);
  libraries_.report(nvrtc, "nvrtcVersion", std::to_string(major) + "." + std::to_string(minor));
  architecture_ = architecture_of(context.request().gpus.front().compute_capability);
  context.doing("compiling our kernels for " + architecture_);
  cubin_ = compile_to_cubin(nvrtc_, kernel_source(), architecture_);
}

void Session::prepare_operations() {
  if (!operations_cubin_.empty()) return;
  context_.doing("compiling our layers for " + architecture_);
  operations_cubin_ = compile_to_cubin(nvrtc_, operation_source(), architecture_);
}

const Device& Session::device() {
  if (device_ == nullptr) {
    context_.doing("cuInit");
    cuda_.check(cuda_.cuInit(0), "cuInit");
    context_.doing("making a context on the GPU");
    device_ = std::make_unique<Device>(cuda_, 0);
  }
  device_->make_current();
  return *device_;
}

const Kernels& Session::kernels() {
  const Device& gpu = device();
  if (kernels_ == nullptr) kernels_ = std::make_unique<Kernels>(gpu, cubin_);
  return *kernels_;
}

const Kernels& Session::operations() {
  const Device& gpu = device();
  if (operations_ == nullptr) operations_ = std::make_unique<Kernels>(gpu, operations_cubin_);
  return *operations_;
}

const std::optional<Nvml>& Session::nvml() {
  if (!nvml_asked_) {
    nvml_asked_ = true;
    if (auto started = Nvml::start()) nvml_.emplace(std::move(*started));
  }
  return nvml_;
}

}  // namespace envforge::validator::gpu
