// The functions of cuBLASLt that the groups call, and one fp8 product. The only place that declares them; tests/abi
// compares it with the headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "gpu/device.hpp"
#include "gpu/image_libraries.hpp"
#include "gpu/shared_library.hpp"
#include "numbers/element.hpp"

namespace envforge::validator::gpu {

/// cublasLtMatmulAlgo_t: opaque, handed back as it came.
struct CublasLtAlgorithm {
  std::uint64_t data[8];
};
/// cublasLtMatmulHeuristicResult_t.
struct CublasLtProposal {
  CublasLtAlgorithm algorithm;
  std::size_t workspace_bytes;
  int status;
  float waves;
  int reserved[4];
};

struct CublasLtApi {
  std::size_t (*cublasLtGetVersion)();
  const char* (*cublasLtGetStatusString)(int status);
  int (*cublasLtCreate)(void** handle);
  int (*cublasLtDestroy)(void* handle);
  int (*cublasLtMatmulDescCreate)(void** descriptor, int compute_type, int scale_type);
  int (*cublasLtMatmulDescDestroy)(void* descriptor);
  int (*cublasLtMatmulDescSetAttribute)(void* descriptor, int attribute, const void* value, std::size_t bytes);
  int (*cublasLtMatrixLayoutCreate)(void** layout, int type, std::uint64_t rows, std::uint64_t columns,
                                    std::int64_t leading_dimension);
  int (*cublasLtMatrixLayoutDestroy)(void* layout);
  int (*cublasLtMatmulPreferenceCreate)(void** preference);
  int (*cublasLtMatmulPreferenceDestroy)(void* preference);
  int (*cublasLtMatmulPreferenceSetAttribute)(void* preference, int attribute, const void* value, std::size_t bytes);
  int (*cublasLtMatmulAlgoGetHeuristic)(void* handle, void* descriptor, void* a, void* b, void* c, void* d,
                                        void* preference, int wanted, CublasLtProposal* proposals, int* found);
  int (*cublasLtMatmul)(void* handle, void* descriptor, const void* alpha, const void* a, void* a_layout, const void* b,
                        void* b_layout, const void* beta, const void* c, void* c_layout, void* d, void* d_layout,
                        const CublasLtAlgorithm* algorithm, void* workspace, std::size_t workspace_bytes, void* stream);
};

enum CublasLtConstant : int {
  kLtDescTransposeA = 3,
  kLtDescScaleA = 17,
  kLtDescScaleB = 18,
  kLtPreferenceWorkspaceBytes = 1,
};

/// cuBLASLt with a handle on the current context.
class CublasLt {
 public:
  /// Binds only; made in `prepare`.
  explicit CublasLt(ImageLibraries& libraries);
  CublasLt(const CublasLt&) = delete;
  CublasLt& operator=(const CublasLt&) = delete;
  ~CublasLt();

  void start(ImageLibraries& libraries);
  const CublasLtApi& api() const { return api_; }
  void* handle() const { return handle_; }
  void check(int status, const std::string& call) const;
  std::string version() const;

 private:
  SharedLibrary library_;
  CublasLtApi api_{};
  void* handle_ = nullptr;
};

/// C = alpha scale_a scale_b A B^T with A m x k and B n x k in fp8 e4m3, row by row, summed in fp32: the one layout
/// that every GPU with fp8 has. One scale for each input tensor, in device memory, as torch's _scaled_mm gives it.
class ScaledProduct {
 public:
  ScaledProduct(const CublasLt& lt, const Device& device, int m, int n, int k, numbers::Type output, float scale_a,
                float scale_b);
  ScaledProduct(const ScaledProduct&) = delete;
  ScaledProduct& operator=(const ScaledProduct&) = delete;
  ~ScaledProduct();

  void run(float alpha, const Buffer& a, const Buffer& b, const Buffer& c) const;

 private:
  void choose(const Device& device);
  const CublasLt* lt_;
  void* descriptor_ = nullptr;
  void* a_ = nullptr;
  void* b_ = nullptr;
  void* c_ = nullptr;
  Buffer scales_;
  CublasLtProposal chosen_{};
  Buffer workspace_;
};

}  // namespace envforge::validator::gpu
