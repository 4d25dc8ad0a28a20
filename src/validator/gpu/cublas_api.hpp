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
  int (*cublasSetWorkspace_v2)(void* handle, void* workspace, std::size_t bytes);
  int (*cublasGemmEx)(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
                      int a_type, int lda, const void* b, int b_type, int ldb, const void* beta, void* c, int c_type,
                      int ldc, int compute_type, int algorithm);
  int (*cublasGemmStridedBatchedEx)(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha,
                                    const void* a, int a_type, int lda, long long stride_a, const void* b, int b_type,
                                    int ldb, long long stride_b, const void* beta, void* c, int c_type, int ldc,
                                    long long stride_c, int batch, int compute_type, int algorithm);
  const char* (*cublasGetStatusString)(int status);
};

enum CublasConstant : int {
  kCublasOpN = 0,
  kCublasOpT = 1,
  kCublasDefaultMath = 0,
  kCublasDisallowReducedPrecisionReduction = 16,
  kCublasCompute32F = 68,
  kCublasCompute64F = 70,
  kCublasCompute32I = 72,
  kCublasCompute32FFastTf32 = 77,
  kCublasGemmDefault = -1,
  kCudaR32F = 0,
  kCudaR64F = 1,
  kCudaR16F = 2,
  kCudaR8I = 3,
  kCudaR32I = 10,
  kCudaR16BF = 14,
  kCudaR8FE4m3 = 28,
};

int cuda_data_type(numbers::Type type);

/// C = op(A) op(B), all row by row: C is m x n, op(A) m x k, op(B) k x n. A transposed operand lies as its transpose.
/// Sums in fp32 (fp64 for fp64, int32 for int8), never in less; tf32 inputs go through the tensor cores as tf32.
struct Gemm {
  int m = 0, n = 0, k = 0;
  numbers::Type input = numbers::Type::kFp32, output = numbers::Type::kFp32;
  bool transposed_a = false, transposed_b = false;
  int batch = 1;  // matrices one behind the other
};
/// "m x n x k in bf16, A^T, batch of 3".
std::string to_string(const Gemm& gemm);

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
  void gemm(const Gemm& gemm, const void* a, const void* b, void* c) const;
  /// Memory of the caller for all that cuBLAS keeps between its kernels; a multiple of 256 bytes, so aligned.
  void set_workspace(void* workspace, std::size_t bytes) const;
  int version() const { return version_; }

 private:
  void check(int status, const std::string& call) const;
  SharedLibrary library_;
  CublasApi api_{};
  void* handle_ = nullptr;
  int version_ = 0;
};

}  // namespace envforge::validator::gpu
