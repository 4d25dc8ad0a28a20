#include "gpu/cudnn_layers.hpp"

namespace envforge::validator::gpu {

using numbers::Operation;
using numbers::OperationKind;
using numbers::Type;

namespace {

int activation_of(OperationKind kind) {
  return kind == OperationKind::kRelu      ? kCudnnActivationRelu
         : kind == OperationKind::kSigmoid ? kCudnnActivationSigmoid
                                           : kCudnnActivationTanh;
}

}  // namespace

CudnnLayer::CudnnLayer(const Cudnn& cudnn, const Operation& o, Type type) : cudnn_(&cudnn), operation_(o) {
  const CudnnApi& api = cudnn.api();
  cudnn.check(api.cudnnCreateTensorDescriptor(&x_), "cudnnCreateTensorDescriptor");
  cudnn.check(api.cudnnCreateTensorDescriptor(&y_), "cudnnCreateTensorDescriptor");
  cudnn.check(api.cudnnCreateTensorDescriptor(&statistics_), "cudnnCreateTensorDescriptor");
  cudnn.check(api.cudnnCreatePoolingDescriptor(&pooling_), "cudnnCreatePoolingDescriptor");
  cudnn.check(api.cudnnCreateActivationDescriptor(&activation_), "cudnnCreateActivationDescriptor");
  describe(x_, cudnn_type(type), {o.n, o.c, o.in[1], o.in[2]});
  describe(statistics_, kCudnnFloat, {1, o.c, 1, 1});
  if (o.kind == OperationKind::kMaxPool || o.kind == OperationKind::kAveragePool) {
    describe(y_, cudnn_type(type), {o.n, o.c, o.out(1), o.out(2)});
    const int mode = o.kind == OperationKind::kMaxPool ? kCudnnPoolingMax : kCudnnPoolingAverageWithPadding;
    cudnn.check(api.cudnnSetPooling2dDescriptor(pooling_, mode, kCudnnPropagateNan, o.window[1], o.window[2], o.pad[1],
                                                o.pad[2], o.stride[1], o.stride[2]),
                "cudnnSetPooling2dDescriptor");
    return;
  }
  describe(y_, cudnn_type(type), {o.n, o.c, o.in[1], o.in[2]});
  cudnn.check(api.cudnnSetActivationDescriptor(activation_, activation_of(o.kind), kCudnnPropagateNan, 0),
              "cudnnSetActivationDescriptor");
}

CudnnLayer::~CudnnLayer() {
  const CudnnApi& api = cudnn_->api();
  for (void* descriptor : {x_, y_, statistics_}) {
    if (descriptor != nullptr) api.cudnnDestroyTensorDescriptor(descriptor);
  }
  if (pooling_ != nullptr) api.cudnnDestroyPoolingDescriptor(pooling_);
  if (activation_ != nullptr) api.cudnnDestroyActivationDescriptor(activation_);
}

void CudnnLayer::describe(void* descriptor, int type, const int (&sizes)[4]) const {
  const auto [n, c, h, w] = sizes;
  const bool last = operation_.channels_last != 0;
  cudnn_->check(cudnn_->api().cudnnSetTensor4dDescriptorEx(descriptor, type, n, c, h, w, c * h * w, last ? 1 : h * w,
                                                           last ? w * c : w, last ? c : 1),
                "cudnnSetTensor4dDescriptorEx");
}

void CudnnLayer::run(const Buffer& x, const Buffer& y) const {
  const CudnnApi& api = cudnn_->api();
  const float one = 1, zero = 0;
  if (operation_.kind == OperationKind::kMaxPool || operation_.kind == OperationKind::kAveragePool) {
    cudnn_->check(api.cudnnPoolingForward(cudnn_->handle(), pooling_, &one, x_, x.pointer(), &zero, y_, y.pointer()),
                  "cudnnPoolingForward");
    return;
  }
  cudnn_->check(
      api.cudnnActivationForward(cudnn_->handle(), activation_, &one, x_, x.pointer(), &zero, y_, y.pointer()),
      "cudnnActivationForward");
}

void CudnnLayer::run(const Buffer& x, const Channels& channels, const Buffer& y) const {
  const CudnnApi& api = cudnn_->api();
  const float one = 1, zero = 0;
  if (operation_.kind == OperationKind::kBatchNormInference) {
    cudnn_->check(api.cudnnBatchNormalizationForwardInference(
                      cudnn_->handle(), kCudnnBatchNormSpatial, &one, &zero, x_, x.pointer(), y_, y.pointer(),
                      statistics_, channels.scale.pointer(), channels.shift.pointer(), channels.mean.pointer(),
                      channels.variance.pointer(), numbers::kBatchNormEpsilon),
                  "cudnnBatchNormalizationForwardInference");
    return;
  }
  constexpr double kTakeThisBatchAlone = 1;
  cudnn_->check(api.cudnnBatchNormalizationForwardTraining(
                    cudnn_->handle(), kCudnnBatchNormSpatial, &one, &zero, x_, x.pointer(), y_, y.pointer(),
                    statistics_, channels.scale.pointer(), channels.shift.pointer(), kTakeThisBatchAlone,
                    channels.mean.pointer(), channels.variance.pointer(), numbers::kBatchNormEpsilon, nullptr, nullptr),
                "cudnnBatchNormalizationForwardTraining");
}

}  // namespace envforge::validator::gpu
