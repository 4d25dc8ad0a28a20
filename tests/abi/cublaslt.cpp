// Compiled only: our declarations of cuBLASLt against a real cublasLt.h.
#include <cublasLt.h>

#include <cstddef>

#include "canonical.hpp"
#include "gpu/cublaslt_api.hpp"

namespace {

using namespace envforge::validator::gpu;
using abi::kSame;

static_assert(kSame<decltype(CublasLtApi::cublasLtGetVersion), std::size_t (*)()>);
static_assert(kSame<decltype(CublasLtApi::cublasLtGetStatusString), decltype(&::cublasLtGetStatusString)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtCreate), decltype(&::cublasLtCreate)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtDestroy), decltype(&::cublasLtDestroy)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtMatmulDescCreate), decltype(&::cublasLtMatmulDescCreate)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtMatmulDescDestroy), decltype(&::cublasLtMatmulDescDestroy)>);
static_assert(
    kSame<decltype(CublasLtApi::cublasLtMatmulDescSetAttribute), decltype(&::cublasLtMatmulDescSetAttribute)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtMatrixLayoutCreate), decltype(&::cublasLtMatrixLayoutCreate)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtMatrixLayoutDestroy), decltype(&::cublasLtMatrixLayoutDestroy)>);
static_assert(
    kSame<decltype(CublasLtApi::cublasLtMatmulPreferenceCreate), decltype(&::cublasLtMatmulPreferenceCreate)>);
static_assert(
    kSame<decltype(CublasLtApi::cublasLtMatmulPreferenceDestroy), decltype(&::cublasLtMatmulPreferenceDestroy)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtMatmulPreferenceSetAttribute),
                    decltype(&::cublasLtMatmulPreferenceSetAttribute)>);
static_assert(
    kSame<decltype(CublasLtApi::cublasLtMatmulAlgoGetHeuristic), decltype(&::cublasLtMatmulAlgoGetHeuristic)>);
static_assert(kSame<decltype(CublasLtApi::cublasLtMatmul), decltype(&::cublasLtMatmul)>);
static_assert(kLtDescTransposeA == int(CUBLASLT_MATMUL_DESC_TRANSA));
static_assert(kLtDescScaleA == int(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER));
static_assert(kLtDescScaleB == int(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER));
static_assert(kLtPreferenceWorkspaceBytes == int(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES));
static_assert(sizeof(CublasLtAlgorithm) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(CublasLtProposal) == sizeof(cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(CublasLtProposal, workspace_bytes) == offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(CublasLtProposal, status) == offsetof(cublasLtMatmulHeuristicResult_t, state));

}  // namespace
