// The functions of cuDNN that the groups call: those of its C interface that versions 8 and 9 share. The only place
// that declares them; tests/abi compares it with the headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "gpu/device.hpp"
#include "gpu/image_libraries.hpp"
#include "gpu/shared_library.hpp"
#include "numbers/problem.hpp"

namespace envforge::validator::gpu {

/// cudnnConvolutionFwdAlgoPerf_t.
struct CudnnAlgorithmPerformance {
  int algorithm;
  int status;
  float milliseconds;
  std::size_t workspace_bytes;
  int determinism;
  int math_type;
  int reserved[3];
};

struct CudnnApi {
  std::size_t (*cudnnGetVersion)();
  const char* (*cudnnGetErrorString)(int status);
  int (*cudnnCreate)(void** handle);
  int (*cudnnDestroy)(void* handle);
  int (*cudnnCreateTensorDescriptor)(void** descriptor);
  int (*cudnnSetTensor4dDescriptor)(void* descriptor, int format, int type, int n, int c, int h, int w);
  int (*cudnnDestroyTensorDescriptor)(void* descriptor);
  int (*cudnnCreateFilterDescriptor)(void** descriptor);
  int (*cudnnSetFilter4dDescriptor)(void* descriptor, int type, int format, int k, int c, int r, int s);
  int (*cudnnDestroyFilterDescriptor)(void* descriptor);
  int (*cudnnCreateConvolutionDescriptor)(void** descriptor);
  int (*cudnnSetConvolution2dDescriptor)(void* descriptor, int pad_h, int pad_w, int stride_h, int stride_w,
                                         int dilation_h, int dilation_w, int mode, int compute_type);
  int (*cudnnSetConvolutionMathType)(void* descriptor, int math_type);
  int (*cudnnDestroyConvolutionDescriptor)(void* descriptor);
  int (*cudnnGetConvolutionForwardAlgorithm_v7)(void* handle, const void* x, const void* w, const void* convolution,
                                                const void* y, int asked, int* returned,
                                                CudnnAlgorithmPerformance* results);
  int (*cudnnConvolutionForward)(void* handle, const void* alpha, const void* x, const void* x_data, const void* w,
                                 const void* w_data, const void* convolution, int algorithm, void* workspace,
                                 std::size_t workspace_bytes, const void* beta, const void* y, void* y_data);
  // The graph interface, which torch calls for convolutions; see cudnn_graph.hpp.
  int (*cudnnBackendCreateDescriptor)(int kind, void** descriptor);
  int (*cudnnBackendDestroyDescriptor)(void* descriptor);
  int (*cudnnBackendSetAttribute)(void* descriptor, int name, int type, std::int64_t count, const void* values);
  int (*cudnnBackendGetAttribute)(void* descriptor, int name, int type, std::int64_t asked, std::int64_t* count,
                                  void* values);
  int (*cudnnBackendFinalize)(void* descriptor);
  int (*cudnnBackendExecute)(void* handle, void* plan, void* pack);
  // Batch norm, pooling and activations, see cudnn_layers.hpp.
  int (*cudnnSetTensor4dDescriptorEx)(void* descriptor, int type, int n, int c, int h, int w, int n_stride,
                                      int c_stride, int h_stride, int w_stride);
  int (*cudnnCreatePoolingDescriptor)(void** descriptor);
  int (*cudnnSetPooling2dDescriptor)(void* descriptor, int mode, int nan, int window_h, int window_w, int pad_h,
                                     int pad_w, int stride_h, int stride_w);
  int (*cudnnDestroyPoolingDescriptor)(void* descriptor);
  int (*cudnnPoolingForward)(void* handle, const void* pooling, const void* alpha, const void* x, const void* x_data,
                             const void* beta, const void* y, void* y_data);
  int (*cudnnCreateActivationDescriptor)(void** descriptor);
  int (*cudnnSetActivationDescriptor)(void* descriptor, int mode, int nan, double coefficient);
  int (*cudnnDestroyActivationDescriptor)(void* descriptor);
  int (*cudnnActivationForward)(void* handle, void* activation, const void* alpha, const void* x, const void* x_data,
                                const void* beta, const void* y, void* y_data);
  int (*cudnnBatchNormalizationForwardTraining)(void* handle, int mode, const void* alpha, const void* beta,
                                                const void* x, const void* x_data, const void* y, void* y_data,
                                                const void* statistics, const void* scale, const void* shift,
                                                double factor, void* running_mean, void* running_variance,
                                                double epsilon, void* saved_mean, void* saved_inverse);
  int (*cudnnBatchNormalizationForwardInference)(void* handle, int mode, const void* alpha, const void* beta,
                                                 const void* x, const void* x_data, const void* y, void* y_data,
                                                 const void* statistics, const void* scale, const void* shift,
                                                 const void* mean, const void* variance, double epsilon);
};

enum CudnnConstant : int {
  kCudnnFloat = 0,
  kCudnnHalf = 2,
  kCudnnBfloat16 = 9,
  kCudnnNhwc = 1,
  kCudnnPoolingMax = 0,
  kCudnnPoolingAverageWithPadding = 1,
  kCudnnActivationSigmoid = 0,
  kCudnnActivationRelu = 1,
  kCudnnActivationTanh = 2,
  kCudnnPropagateNan = 1,
  kCudnnBatchNormSpatial = 1,
  kCudnnCrossCorrelation = 1,
  kCudnnTensorOpMath = 1,
  kCudnnFmaMath = 3,
  kCudnnLastDirectAlgorithm = 3,  // CUDNN_CONVOLUTION_FWD_ALGO_DIRECT; the transforms follow
};

/// cudnnDataType_t of an element.
int cudnn_type(numbers::Type type);

/// cuDNN with a handle on the current context.
class Cudnn {
 public:
  explicit Cudnn(ImageLibraries& libraries);
  Cudnn(const Cudnn&) = delete;
  Cudnn& operator=(const Cudnn&) = delete;
  ~Cudnn();

  void start(ImageLibraries& libraries);
  const CudnnApi& api() const { return api_; }
  void* handle() const { return handle_; }
  void check(int status, const std::string& call) const;
  std::string version() const;

 private:
  SharedLibrary library_;
  CudnnApi api_{};
  void* handle_ = nullptr;
};

/// One forward convolution, NHWC, ready to run again and again on the same buffers.
class Convolution {
 public:
  Convolution(const Cudnn& cudnn, const Device& device, const numbers::Convolution& shape, numbers::Type type);
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;
  ~Convolution();

  void run(const Buffer& x, const Buffer& weights, const Buffer& y) const;
  int algorithm() const { return algorithm_; }

 private:
  void choose(const Device& device, bool single);
  const Cudnn* cudnn_;
  void* x_ = nullptr;
  void* weights_ = nullptr;
  void* y_ = nullptr;
  void* convolution_ = nullptr;
  int algorithm_ = 0;
  Buffer workspace_;
};

}  // namespace envforge::validator::gpu
