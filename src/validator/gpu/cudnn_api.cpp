#include "gpu/cudnn_api.hpp"

#include "harness/check.hpp"

namespace envforge::validator::gpu {

using numbers::Type;

int cudnn_type(Type type) {
  return type == Type::kFp16 ? kCudnnHalf : type == Type::kBf16 ? kCudnnBfloat16 : kCudnnFloat;
}

Cudnn::Cudnn(ImageLibraries& libraries) : library_(libraries.open("libcudnn", {"9", "8"})) {
  library_.bind(api_.cudnnGetVersion, "cudnnGetVersion");
  library_.bind(api_.cudnnGetErrorString, "cudnnGetErrorString");
  library_.bind(api_.cudnnCreate, "cudnnCreate");
  library_.bind(api_.cudnnDestroy, "cudnnDestroy");
  library_.bind(api_.cudnnCreateTensorDescriptor, "cudnnCreateTensorDescriptor");
  library_.bind(api_.cudnnSetTensor4dDescriptor, "cudnnSetTensor4dDescriptor");
  library_.bind(api_.cudnnDestroyTensorDescriptor, "cudnnDestroyTensorDescriptor");
  library_.bind(api_.cudnnCreateFilterDescriptor, "cudnnCreateFilterDescriptor");
  library_.bind(api_.cudnnSetFilter4dDescriptor, "cudnnSetFilter4dDescriptor");
  library_.bind(api_.cudnnDestroyFilterDescriptor, "cudnnDestroyFilterDescriptor");
  library_.bind(api_.cudnnCreateConvolutionDescriptor, "cudnnCreateConvolutionDescriptor");
  library_.bind(api_.cudnnSetConvolution2dDescriptor, "cudnnSetConvolution2dDescriptor");
  library_.bind(api_.cudnnSetConvolutionMathType, "cudnnSetConvolutionMathType");
  library_.bind(api_.cudnnDestroyConvolutionDescriptor, "cudnnDestroyConvolutionDescriptor");
  library_.bind(api_.cudnnGetConvolutionForwardAlgorithm_v7, "cudnnGetConvolutionForwardAlgorithm_v7");
  library_.bind(api_.cudnnConvolutionForward, "cudnnConvolutionForward");
  library_.bind(api_.cudnnBackendCreateDescriptor, "cudnnBackendCreateDescriptor");
  library_.bind(api_.cudnnBackendDestroyDescriptor, "cudnnBackendDestroyDescriptor");
  library_.bind(api_.cudnnBackendSetAttribute, "cudnnBackendSetAttribute");
  library_.bind(api_.cudnnBackendGetAttribute, "cudnnBackendGetAttribute");
  library_.bind(api_.cudnnBackendFinalize, "cudnnBackendFinalize");
  library_.bind(api_.cudnnBackendExecute, "cudnnBackendExecute");
  library_.bind(api_.cudnnSetTensor4dDescriptorEx, "cudnnSetTensor4dDescriptorEx");
  library_.bind(api_.cudnnCreatePoolingDescriptor, "cudnnCreatePoolingDescriptor");
  library_.bind(api_.cudnnSetPooling2dDescriptor, "cudnnSetPooling2dDescriptor");
  library_.bind(api_.cudnnDestroyPoolingDescriptor, "cudnnDestroyPoolingDescriptor");
  library_.bind(api_.cudnnPoolingForward, "cudnnPoolingForward");
  library_.bind(api_.cudnnCreateActivationDescriptor, "cudnnCreateActivationDescriptor");
  library_.bind(api_.cudnnSetActivationDescriptor, "cudnnSetActivationDescriptor");
  library_.bind(api_.cudnnDestroyActivationDescriptor, "cudnnDestroyActivationDescriptor");
  library_.bind(api_.cudnnActivationForward, "cudnnActivationForward");
  library_.bind(api_.cudnnBatchNormalizationForwardTraining, "cudnnBatchNormalizationForwardTraining");
  library_.bind(api_.cudnnBatchNormalizationForwardInference, "cudnnBatchNormalizationForwardInference");
}

Cudnn::~Cudnn() {
  if (handle_ != nullptr) api_.cudnnDestroy(handle_);
}

// 90100 is 9.1.0, 8907 is 8.9.7.
std::string Cudnn::version() const {
  const auto number = api_.cudnnGetVersion();
  const std::size_t unit = number >= 10000 ? 10000 : 1000;
  return std::to_string(number / unit) + "." + std::to_string(number % unit / 100) + "." + std::to_string(number % 100);
}

void Cudnn::start(ImageLibraries& libraries) {
  if (handle_ != nullptr) return;
  check(api_.cudnnCreate(&handle_), "cudnnCreate");
  libraries.report(library_, "cudnnCreate", version());
}

void Cudnn::check(int status, const std::string& call) const {
  if (status == 0) return;
  throw harness::Failure(call + ": " + api_.cudnnGetErrorString(status) + " (cuDNN " + version() + ")",
                         protocol::Layer::kImage, library_.name(),
                         "all libcudnn_*.so must be of one release; `envforge verify --gpus none` names the odd one");
}

Convolution::Convolution(const Cudnn& cudnn, const Device& device, const numbers::Convolution& shape, Type type)
    : cudnn_(&cudnn) {
  const CudnnApi& api = cudnn.api();
  const int data = cudnn_type(type);
  const auto narrow = [](std::int64_t n) { return static_cast<int>(n); };
  cudnn.check(api.cudnnCreateTensorDescriptor(&x_), "cudnnCreateTensorDescriptor");
  cudnn.check(api.cudnnCreateTensorDescriptor(&y_), "cudnnCreateTensorDescriptor");
  cudnn.check(api.cudnnCreateFilterDescriptor(&weights_), "cudnnCreateFilterDescriptor");
  cudnn.check(api.cudnnCreateConvolutionDescriptor(&convolution_), "cudnnCreateConvolutionDescriptor");
  cudnn.check(api.cudnnSetTensor4dDescriptor(x_, kCudnnNhwc, data, narrow(shape.n), narrow(shape.c), narrow(shape.h),
                                             narrow(shape.w)),
              "cudnnSetTensor4dDescriptor");
  cudnn.check(api.cudnnSetTensor4dDescriptor(y_, kCudnnNhwc, data, narrow(shape.n), narrow(shape.k),
                                             narrow(shape.out_h()), narrow(shape.out_w())),
              "cudnnSetTensor4dDescriptor");
  cudnn.check(api.cudnnSetFilter4dDescriptor(weights_, data, kCudnnNhwc, narrow(shape.k), narrow(shape.c),
                                             narrow(shape.r), narrow(shape.s)),
              "cudnnSetFilter4dDescriptor");
  const int pad = narrow(shape.pad), stride = narrow(shape.stride);
  cudnn.check(api.cudnnSetConvolution2dDescriptor(convolution_, pad, pad, stride, stride, 1, 1, kCudnnCrossCorrelation,
                                                  kCudnnFloat),
              "cudnnSetConvolution2dDescriptor");
  // fp32 stays fp32: without this cuDNN may round its inputs to tf32.
  cudnn.check(api.cudnnSetConvolutionMathType(convolution_, type == Type::kFp32 ? kCudnnFmaMath : kCudnnTensorOpMath),
              "cudnnSetConvolutionMathType");
  choose(device, type == Type::kFp32);
}

// The first algorithm that cuDNN itself proposes, says it can run, and that sums products as they are: transforms (FFT,
// Winograd) are not exact even on integers.
void Convolution::choose(const Device& device, bool single) {
  constexpr int kMost = 8;
  CudnnAlgorithmPerformance found[kMost] = {};
  int count = 0;
  const CudnnApi& api = cudnn_->api();
  cudnn_->check(api.cudnnGetConvolutionForwardAlgorithm_v7(cudnn_->handle(), x_, weights_, convolution_, y_, kMost,
                                                           &count, found),
                "cudnnGetConvolutionForwardAlgorithm_v7");
  for (int i = 0; i < count && i < kMost; ++i) {
    if (found[i].status != 0 || found[i].algorithm > kCudnnLastDirectAlgorithm ||
        found[i].workspace_bytes > device.free_bytes() / 4)
      continue;
    algorithm_ = found[i].algorithm;
    // The math type is a part of what was proposed; fp32 stays what it is.
    if (!single) {
      cudnn_->check(api.cudnnSetConvolutionMathType(convolution_, found[i].math_type), "cudnnSetConvolutionMathType");
    }
    if (found[i].workspace_bytes > 0) workspace_ = Buffer(device, found[i].workspace_bytes);
    return;
  }
  throw harness::Failure("cuDNN " + cudnn_->version() + " proposes no algorithm for this convolution",
                         protocol::Layer::kImage, "cudnnGetConvolutionForwardAlgorithm_v7", "");
}

Convolution::~Convolution() {
  const CudnnApi& api = cudnn_->api();
  if (convolution_ != nullptr) api.cudnnDestroyConvolutionDescriptor(convolution_);
  if (weights_ != nullptr) api.cudnnDestroyFilterDescriptor(weights_);
  if (y_ != nullptr) api.cudnnDestroyTensorDescriptor(y_);
  if (x_ != nullptr) api.cudnnDestroyTensorDescriptor(x_);
}

void Convolution::run(const Buffer& x, const Buffer& weights, const Buffer& y) const {
  const float one = 1, zero = 0;
  cudnn_->check(cudnn_->api().cudnnConvolutionForward(cudnn_->handle(), &one, x_, x.pointer(), weights_,
                                                      weights.pointer(), convolution_, algorithm_, workspace_.pointer(),
                                                      workspace_.bytes(), &zero, y_, y.pointer()),
                "cudnnConvolutionForward");
}

}  // namespace envforge::validator::gpu
