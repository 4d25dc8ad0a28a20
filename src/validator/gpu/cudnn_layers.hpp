// Batch norm, pooling and activations through the interface that cuDNN 8 and 9 share and torch itself calls for batch
// norm. As graphs, these need engines that cuDNN compiles at run time, and only for some types and GPUs.
#pragma once

#include "gpu/cudnn_api.hpp"
#include "numbers/operation.hpp"

namespace envforge::validator::gpu {

/// One layer on pictures without depth, ready to run again and again.
class CudnnLayer {
 public:
  CudnnLayer(const Cudnn& cudnn, const numbers::Operation& operation, numbers::Type type);
  CudnnLayer(const CudnnLayer&) = delete;
  CudnnLayer& operator=(const CudnnLayer&) = delete;
  ~CudnnLayer();

  /// Pooling and activations.
  void run(const Buffer& x, const Buffer& y) const;
  /// Single-precision values for each channel; in training `mean` and `variance` become those of the batch (the
  /// variance unbiased), in inference they are taken as they are.
  struct Channels {
    const Buffer &scale, &shift, &mean, &variance;
  };
  void run(const Buffer& x, const Channels& channels, const Buffer& y) const;

 private:
  void describe(void* descriptor, int type, const int (&sizes)[4]) const;
  const Cudnn* cudnn_;
  numbers::Operation operation_;
  void *x_ = nullptr, *y_ = nullptr, *statistics_ = nullptr, *pooling_ = nullptr, *activation_ = nullptr;
};

}  // namespace envforge::validator::gpu
