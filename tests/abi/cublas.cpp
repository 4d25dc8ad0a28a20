// Compiled only: our declarations of cuBLAS against a real cublas_v2.h.
#include <cublas_v2.h>

#include "canonical.hpp"
#include "gpu/cublas_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

// C++ sees two overloads of cublasGemmEx; the symbol is the one with a compute type.
using GemmEx = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const void*,
                                  const void*, cudaDataType, int, const void*, cudaDataType, int, const void*, void*,
                                  cudaDataType, int, cublasComputeType_t, cublasGemmAlgo_t);
static_assert(static_cast<GemmEx>(&::cublasGemmEx) != nullptr);
using BatchedEx = cublasStatus_t (*)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int, const void*,
                                     const void*, cudaDataType, int, long long, const void*, cudaDataType, int,
                                     long long, const void*, void*, cudaDataType, int, long long, int,
                                     cublasComputeType_t, cublasGemmAlgo_t);
static_assert(static_cast<BatchedEx>(&::cublasGemmStridedBatchedEx) != nullptr);

static_assert(kSame<decltype(CublasApi::cublasCreate_v2), decltype(&::cublasCreate_v2)>);
static_assert(kSame<decltype(CublasApi::cublasDestroy_v2), decltype(&::cublasDestroy_v2)>);
static_assert(kSame<decltype(CublasApi::cublasGetVersion_v2), decltype(&::cublasGetVersion_v2)>);
static_assert(kSame<decltype(CublasApi::cublasSetMathMode), decltype(&::cublasSetMathMode)>);
static_assert(kSame<decltype(CublasApi::cublasGemmEx), GemmEx>);
static_assert(kSame<decltype(CublasApi::cublasGemmStridedBatchedEx), BatchedEx>);
static_assert(kSame<decltype(CublasApi::cublasSetWorkspace_v2), decltype(&::cublasSetWorkspace_v2)>);
static_assert(kSame<decltype(CublasApi::cublasGetStatusString), decltype(&::cublasGetStatusString)>);
static_assert(kCublasOpN == int(CUBLAS_OP_N));
static_assert(kCublasOpT == int(CUBLAS_OP_T));
static_assert(kCublasCompute32I == int(CUBLAS_COMPUTE_32I));
static_assert(kCublasCompute32FFastTf32 == int(CUBLAS_COMPUTE_32F_FAST_TF32));
static_assert(kCudaR8I == int(CUDA_R_8I));
static_assert(kCudaR32I == int(CUDA_R_32I));
static_assert(kCudaR8FE4m3 == int(CUDA_R_8F_E4M3));
static_assert(kCublasDefaultMath == int(CUBLAS_DEFAULT_MATH));
static_assert(kCublasDisallowReducedPrecisionReduction == int(CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION));
static_assert(kCublasCompute32F == int(CUBLAS_COMPUTE_32F));
static_assert(kCublasCompute64F == int(CUBLAS_COMPUTE_64F));
static_assert(kCublasGemmDefault == int(CUBLAS_GEMM_DEFAULT));
static_assert(kCudaR32F == int(CUDA_R_32F));
static_assert(kCudaR64F == int(CUDA_R_64F));
static_assert(kCudaR16F == int(CUDA_R_16F));
static_assert(kCudaR16BF == int(CUDA_R_16BF));

}  // namespace
