#include "gpu/cublas_api.hpp"

#include "harness/check.hpp"

namespace envforge::validator::gpu {

using numbers::Type;

int cuda_data_type(Type type) {
  return type == Type::kFp64   ? kCudaR64F
         : type == Type::kFp16 ? kCudaR16F
         : type == Type::kBf16 ? kCudaR16BF
                               : kCudaR32F;
}

Cublas::Cublas(ImageLibraries& libraries) : library_(libraries.open("libcublas", {"13", "12", "11"})) {
  library_.bind(api_.cublasCreate_v2, "cublasCreate_v2");
  library_.bind(api_.cublasDestroy_v2, "cublasDestroy_v2");
  library_.bind(api_.cublasGetVersion_v2, "cublasGetVersion_v2");
  library_.bind(api_.cublasSetMathMode, "cublasSetMathMode");
  library_.bind(api_.cublasGemmEx, "cublasGemmEx");
  library_.bind(api_.cublasGetStatusString, "cublasGetStatusString");
}

Cublas::~Cublas() {
  if (handle_ != nullptr) api_.cublasDestroy_v2(handle_);
}

void Cublas::start(ImageLibraries& libraries) {
  if (handle_ != nullptr) return;
  check(api_.cublasCreate_v2(&handle_), "cublasCreate");
  check(api_.cublasGetVersion_v2(handle_, &version_), "cublasGetVersion");
  // 120405 is 12.4.5; before CUDA 12 a digit less told minor and patch, and the owner's version is the better text.
  libraries.report(library_, "cublasCreate_v2",
                   version_ < 120000 ? ""
                                     : std::to_string(version_ / 10000) + "." + std::to_string(version_ / 100 % 100) +
                                           "." + std::to_string(version_ % 100));
  check(api_.cublasSetMathMode(handle_, kCublasDefaultMath | kCublasDisallowReducedPrecisionReduction),
        "cublasSetMathMode");
}

// cuBLAS counts by columns: the rows of C = A B are the columns of its C' = B' A'.
void Cublas::gemm(const void* a, const void* b, void* c, int m, int n, int k, Type input, Type output) const {
  const bool wide = output == Type::kFp64;
  const float one = 1, zero = 0;
  const double wide_one = 1, wide_zero = 0;
  const void* alpha = wide ? static_cast<const void*>(&wide_one) : &one;
  const void* beta = wide ? static_cast<const void*>(&wide_zero) : &zero;
  check(api_.cublasGemmEx(handle_, kCublasOpN, kCublasOpN, n, m, k, alpha, b, cuda_data_type(input), n, a,
                          cuda_data_type(input), k, beta, c, cuda_data_type(output), n,
                          wide ? kCublasCompute64F : kCublasCompute32F, kCublasGemmDefault),
        "cublasGemmEx " + std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k));
}

void Cublas::check(int status, const std::string& call) const {
  if (status == 0) return;
  throw harness::Failure(
      call + ": " + api_.cublasGetStatusString(status) +
          (version_ == 0 ? "" : " (cuBLAS " + std::to_string(version_) + ")"),
      protocol::Layer::kImage, library_.name(),
      "cublas and cublasLt of one release must lie together; `envforge verify --gpus none` names the odd one");
}

}  // namespace envforge::validator::gpu
