// Compiled only: our declarations of cuDNN against a real cudnn.h.
#include <cudnn.h>

#include <cstddef>

#include "canonical.hpp"
#include "gpu/cudnn_api.hpp"
#include "gpu/cudnn_graph.hpp"

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
static_assert(kSame<decltype(CudnnApi::cudnnBackendCreateDescriptor), decltype(&::cudnnBackendCreateDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnBackendDestroyDescriptor), decltype(&::cudnnBackendDestroyDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnBackendSetAttribute), decltype(&::cudnnBackendSetAttribute)>);
static_assert(kSame<decltype(CudnnApi::cudnnBackendGetAttribute), decltype(&::cudnnBackendGetAttribute)>);
static_assert(kSame<decltype(CudnnApi::cudnnBackendFinalize), decltype(&::cudnnBackendFinalize)>);
static_assert(kSame<decltype(CudnnApi::cudnnBackendExecute), decltype(&::cudnnBackendExecute)>);
static_assert(kSame<decltype(CudnnApi::cudnnSetTensor4dDescriptorEx), decltype(&::cudnnSetTensor4dDescriptorEx)>);
static_assert(kSame<decltype(CudnnApi::cudnnCreatePoolingDescriptor), decltype(&::cudnnCreatePoolingDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnSetPooling2dDescriptor), decltype(&::cudnnSetPooling2dDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnDestroyPoolingDescriptor), decltype(&::cudnnDestroyPoolingDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnPoolingForward), decltype(&::cudnnPoolingForward)>);
static_assert(kSame<decltype(CudnnApi::cudnnCreateActivationDescriptor), decltype(&::cudnnCreateActivationDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnSetActivationDescriptor), decltype(&::cudnnSetActivationDescriptor)>);
static_assert(
    kSame<decltype(CudnnApi::cudnnDestroyActivationDescriptor), decltype(&::cudnnDestroyActivationDescriptor)>);
static_assert(kSame<decltype(CudnnApi::cudnnActivationForward), decltype(&::cudnnActivationForward)>);
static_assert(kSame<decltype(CudnnApi::cudnnBatchNormalizationForwardTraining),
                    decltype(&::cudnnBatchNormalizationForwardTraining)>);
static_assert(kSame<decltype(CudnnApi::cudnnBatchNormalizationForwardInference),
                    decltype(&::cudnnBatchNormalizationForwardInference)>);
static_assert(kCudnnFloat == int(CUDNN_DATA_FLOAT));
static_assert(kCudnnHalf == int(CUDNN_DATA_HALF));
static_assert(kCudnnBfloat16 == int(CUDNN_DATA_BFLOAT16));
static_assert(kCudnnNhwc == int(CUDNN_TENSOR_NHWC));
static_assert(kCudnnCrossCorrelation == int(CUDNN_CROSS_CORRELATION));
static_assert(kCudnnTensorOpMath == int(CUDNN_TENSOR_OP_MATH));
static_assert(kCudnnFmaMath == int(CUDNN_FMA_MATH));
static_assert(kCudnnLastDirectAlgorithm == int(CUDNN_CONVOLUTION_FWD_ALGO_DIRECT));
static_assert(kCudnnPoolingMax == int(CUDNN_POOLING_MAX));
static_assert(kCudnnPoolingAverageWithPadding == int(CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING));
static_assert(kCudnnActivationSigmoid == int(CUDNN_ACTIVATION_SIGMOID));
static_assert(kCudnnActivationRelu == int(CUDNN_ACTIVATION_RELU));
static_assert(kCudnnActivationTanh == int(CUDNN_ACTIVATION_TANH));
static_assert(kCudnnPropagateNan == int(CUDNN_PROPAGATE_NAN));
static_assert(kCudnnBatchNormSpatial == int(CUDNN_BATCHNORM_SPATIAL));
static_assert(backend::kTensor == int(CUDNN_BACKEND_TENSOR_DESCRIPTOR));
static_assert(backend::kConvolution == int(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR));
static_assert(backend::kForwardOperation == int(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR));
static_assert(backend::kWeightGradientOperation == int(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR));
static_assert(backend::kDataGradientOperation == int(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR));
static_assert(backend::kOperationGraph == int(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR));
static_assert(backend::kHeuristics == int(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR));
static_assert(backend::kEngine == int(CUDNN_BACKEND_ENGINE_DESCRIPTOR));
static_assert(backend::kEngineConfiguration == int(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR));
static_assert(backend::kExecutionPlan == int(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR));
static_assert(backend::kVariantPack == int(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR));
static_assert(backend::kConvolutionComputeType == int(CUDNN_ATTR_CONVOLUTION_COMP_TYPE));
static_assert(backend::kConvolutionMode == int(CUDNN_ATTR_CONVOLUTION_CONV_MODE));
static_assert(backend::kConvolutionDilations == int(CUDNN_ATTR_CONVOLUTION_DILATIONS));
static_assert(backend::kConvolutionStrides == int(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES));
static_assert(backend::kConvolutionPostPaddings == int(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS));
static_assert(backend::kConvolutionPrePaddings == int(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS));
static_assert(backend::kConvolutionDirections == int(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS));
static_assert(backend::kHeuristicsMode == int(CUDNN_ATTR_ENGINEHEUR_MODE));
static_assert(backend::kHeuristicsGraph == int(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH));
static_assert(backend::kHeuristicsResults == int(CUDNN_ATTR_ENGINEHEUR_RESULTS));
static_assert(backend::kConfigurationEngine == int(CUDNN_ATTR_ENGINECFG_ENGINE));
static_assert(backend::kPlanHandle == int(CUDNN_ATTR_EXECUTION_PLAN_HANDLE));
static_assert(backend::kPlanConfiguration == int(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG));
static_assert(backend::kPlanWorkspace == int(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE));
static_assert(backend::kForwardAlpha == int(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA));
static_assert(backend::kForwardBeta == int(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA));
static_assert(backend::kForwardConvolution == int(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC));
static_assert(backend::kForwardWeights == int(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W));
static_assert(backend::kForwardX == int(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X));
static_assert(backend::kForwardY == int(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y));
static_assert(backend::kDataAlpha == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA));
static_assert(backend::kDataBeta == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA));
static_assert(backend::kDataConvolution == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC));
static_assert(backend::kDataWeights == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W));
static_assert(backend::kDataDx == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX));
static_assert(backend::kDataDy == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY));
static_assert(backend::kWeightAlpha == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA));
static_assert(backend::kWeightBeta == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA));
static_assert(backend::kWeightConvolution == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC));
static_assert(backend::kWeightDw == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW));
static_assert(backend::kWeightX == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X));
static_assert(backend::kWeightDy == int(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY));
static_assert(backend::kGraphHandle == int(CUDNN_ATTR_OPERATIONGRAPH_HANDLE));
static_assert(backend::kGraphOperations == int(CUDNN_ATTR_OPERATIONGRAPH_OPS));
static_assert(backend::kTensorAlignment == int(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT));
static_assert(backend::kTensorType == int(CUDNN_ATTR_TENSOR_DATA_TYPE));
static_assert(backend::kTensorSizes == int(CUDNN_ATTR_TENSOR_DIMENSIONS));
static_assert(backend::kTensorStrides == int(CUDNN_ATTR_TENSOR_STRIDES));
static_assert(backend::kTensorId == int(CUDNN_ATTR_TENSOR_UNIQUE_ID));
static_assert(backend::kPackIds == int(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS));
static_assert(backend::kPackPointers == int(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS));
static_assert(backend::kPackWorkspace == int(CUDNN_ATTR_VARIANT_PACK_WORKSPACE));
static_assert(backend::kEngineIndex == int(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
static_assert(backend::kEngineNotes == int(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE));
static_assert(backend::kTypeHandle == int(CUDNN_TYPE_HANDLE));
static_assert(backend::kTypeDataType == int(CUDNN_TYPE_DATA_TYPE));
static_assert(backend::kTypeInt64 == int(CUDNN_TYPE_INT64));
static_assert(backend::kTypeFloat == int(CUDNN_TYPE_FLOAT));
static_assert(backend::kTypePointer == int(CUDNN_TYPE_VOID_PTR));
static_assert(backend::kTypeConvolutionMode == int(CUDNN_TYPE_CONVOLUTION_MODE));
static_assert(backend::kTypeHeuristicsMode == int(CUDNN_TYPE_HEUR_MODE));
static_assert(backend::kTypeNote == int(CUDNN_TYPE_NUMERICAL_NOTE));
static_assert(backend::kTypeDescriptor == int(CUDNN_TYPE_BACKEND_DESCRIPTOR));
static_assert(backend::kNoteTensorCore == int(CUDNN_NUMERICAL_NOTE_TENSOR_CORE));
static_assert(backend::kNoteDownConvert == int(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS));
static_assert(backend::kNoteReducedReduction == int(CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION));
static_assert(backend::kNoteFft == int(CUDNN_NUMERICAL_NOTE_FFT));
static_assert(backend::kNoteWinograd == int(CUDNN_NUMERICAL_NOTE_WINOGRAD));
static_assert(backend::kNoteWinogradLast == int(CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13));
static_assert(backend::kHeuristicsInstant == int(CUDNN_HEUR_MODE_INSTANT));
static_assert(backend::kHeuristicsFallback == int(CUDNN_HEUR_MODE_FALLBACK));
static_assert(sizeof(CudnnAlgorithmPerformance) == sizeof(cudnnConvolutionFwdAlgoPerf_t));
static_assert(offsetof(CudnnAlgorithmPerformance, algorithm) == offsetof(cudnnConvolutionFwdAlgoPerf_t, algo));
static_assert(offsetof(CudnnAlgorithmPerformance, status) == offsetof(cudnnConvolutionFwdAlgoPerf_t, status));
static_assert(offsetof(CudnnAlgorithmPerformance, workspace_bytes) == offsetof(cudnnConvolutionFwdAlgoPerf_t, memory));
static_assert(offsetof(CudnnAlgorithmPerformance, math_type) == offsetof(cudnnConvolutionFwdAlgoPerf_t, mathType));

}  // namespace
