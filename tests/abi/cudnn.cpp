// Compiled only: our declarations of cuDNN against a real cudnn.h.
#include <cudnn.h>

#include <cstddef>

#include "canonical.hpp"
#include "gpu/cudnn_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

static_assert(kSame<decltype(CudnnApi::cudnnGetVersion), decltype(&::cudnnGetVersion)>);
static_assert(kSame<decltype(CudnnApi::cudnnGetErrorString), decltype(&::cudnnGetErrorString)>);
static_assert(kSame<decltype(CudnnApi::cudnnCreate), decltype(&::cudnnCreate)>);
static_assert(kSame<decltype(CudnnApi::cudnnDestroy), decltype(&::cudnnDestroy)>);
static_assert(kSame<decltype(CudnnApi::cudnnCreateTensorDescriptor), decltype(&::cudnnCreateTensorDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnSetTensor4dDescriptor), decltype(&::cudnnSetTensor4dDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnDestroyTensorDescriptor), decltype(&::cudnnDestroyTensorDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnCreateFilterDescriptor), decltype(&::cudnnCreateFilterDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnSetFilter4dDescriptor), decltype(&::cudnnSetFilter4dDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnDestroyFilterDescriptor), decltype(&::cudnnDestroyFilterDescriptor)>);
static_assert(
    kSame<decltype(CudnnApi::cudnnCreateConvolutionDescriptor), decltype(&::cudnnCreateConvolutionDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnSetConvolution2dDescriptor), decltype(&::cudnnSetConvolution2dDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnSetConvolutionMathType), decltype(&::cudnnSetConvolutionMathType)>);
static_assert(
    kSame<decltype(CudnnApi::cudnnDestroyConvolutionDescriptor), decltype(&::cudnnDestroyConvolutionDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnGetConvolutionForwardAlgorithm_v7),
                    decltype(&::cudnnGetConvolutionForwardAlgorithm_v7)>);
static_assert(kSame<decltype(CudnnApi::cudnnConvolutionForward), decltype(&::cudnnConvolutionForward)>);
static_assert(kCudnnFloat == int(CUDNN_DATA_FLOAT));
static_assert(kCudnnHalf == int(CUDNN_DATA_HALF));
static_assert(kCudnnBfloat16 == int(CUDNN_DATA_BFLOAT16));
static_assert(kCudnnNhwc == int(CUDNN_TENSOR_NHWC));
static_assert(kCudnnCrossCorrelation == int(CUDNN_CROSS_CORRELATION));
static_assert(kCudnnTensorOpMath == int(CUDNN_TENSOR_OP_MATH));
static_assert(kCudnnFmaMath == int(CUDNN_FMA_MATH));
static_assert(kCudnnLastDirectAlgorithm == int(CUDNN_CONVOLUTION_FWD_ALGO_DIRECT));
static_assert(sizeof(CudnnAlgorithmPerformance) == sizeof(cudnnConvolutionFwdAlgoPerf_t));
static_assert(offsetof(CudnnAlgorithmPerformance, algorithm) == offsetof(cudnnConvolutionFwdAlgoPerf_t, algo));
static_assert(offsetof(CudnnAlgorithmPerformance, status) == offsetof(cudnnConvolutionFwdAlgoPerf_t, status));
static_assert(offsetof(CudnnAlgorithmPerformance, workspace_bytes) == offsetof(cudnnConvolutionFwdAlgoPerf_t, memory));
static_assert(offsetof(CudnnAlgorithmPerformance, math_type) == offsetof(cudnnConvolutionFwdAlgoPerf_t, mathType));

}  // namespace
