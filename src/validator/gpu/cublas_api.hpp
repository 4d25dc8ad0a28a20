// The functions of cuBLAS that the groups call, and a handle. The only place that declares them; tests/abi compares it
// with the headers.
#pragma once

#include <string>

#include "gpu/image_libraries.hpp"
#include "gpu/shared_library.hpp"
#include "numbers/element.hpp"

namespace envforge::validator::gpu {

struct CublasApi {
  int (*cublasCreate_v2)(void** handle);
  int (*cublasDestroy_v2)(void* handle);
  int (*cublasGetVersion_v2)(void* handle, int* version);
  int (*cublasSetMathMode)(void* handle, int mode);
  int (*cublasGemmEx)(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
                      int a_type, int lda, const void* b, int b_type, int ldb, const void* beta, void* c, int c_type,
                      int ldc, int compute_type, int algorithm);
  const char* (*cublasGetStatusString)(int status);
};

enum CublasConstant : int {
  kCublasOpN = 0,
  kCublasDefaultMath = 0,
  kCublasDisallowReducedPrecisionReduction = 16,
  kCublasCompute32F = 68,
  kCublasCompute64F = 70,
  kCublasGemmDefault = -1,
  kCudaR32F = 0,
  kCudaR64F = 1,
  kCudaR16F = 2,
  kCudaR16BF = 14,
};

int cuda_data_type(numbers::Type type);

/// cuBLAS with a handle on the current context.
class Cublas {
 public:
  /// Binds only; made in `prepare`.
  Cublas(ImageLibraries& libraries);
  Cublas(const Cublas&) = delete;
  Cublas& operator=(const Cublas&) = delete;
  ~Cublas();

  /// Makes the handle and reports the library; in `run`, when a context is current.
  void start(ImageLibraries& libraries);
  /// C = A B, all row by row: C is m x n, A m x k, B k x n. Sums in fp32 (fp64 for fp64), never in less.
  void gemm(const void* a, const void* b, void* c, int m, int n, int k, numbers::Type input,
            numbers::Type output) const;
  int version() const { return version_; }

 private:
  void check(int status, const std::string& call) const;
  SharedLibrary library_;
  CublasApi api_{};
  void* handle_ = nullptr;
  int version_ = 0;
};

}  // namespace envforge::validator::gpu
