#include "gpu/cublas_api.hpp"

#include "harness/check.hpp"
#include "numbers/problem.hpp"

namespace envforge::validator::gpu {

using numbers::Type;

int cuda_data_type(Type type) {
  switch (type) {
    case Type::kFp64:
      return kCudaR64F;
    case Type::kFp16:
      return kCudaR16F;
    case Type::kBf16:
      return kCudaR16BF;
    case Type::kI8:
      return kCudaR8I;
    case Type::kI32:
      return kCudaR32I;
    case Type::kE4m3:
      return kCudaR8FE4m3;
    default:
      return kCudaR32F;  // tf32 lies in memory as fp32
  }
}

std::string to_string(const Gemm& gemm) {
  return std::to_string(gemm.m) + " x " + std::to_string(gemm.n) + " x " + std::to_string(gemm.k) + " in " +
         numbers::to_string(gemm.input) + (gemm.transposed_a ? ", A^T" : "") + (gemm.transposed_b ? ", B^T" : "") +
         (gemm.batch > 1 ? ", batch of " + std::to_string(gemm.batch) : "");
}

namespace {

int compute_type_of(Type input) {
  return input == Type::kFp64   ? kCublasCompute64F
         : input == Type::kI8   ? kCublasCompute32I
         : input == Type::kTf32 ? kCublasCompute32FFastTf32
                                : kCublasCompute32F;
}

// 1 and 0 in the type that the sum has.
struct Factors {
  explicit Factors(Type input) {
    if (input == Type::kFp64) {
      one = &wide[0], zero = &wide[1];
    } else if (input == Type::kI8) {
      one = &whole[0], zero = &whole[1];
    }
  }
  static constexpr float single[2] = {1, 0};
  static constexpr double wide[2] = {1, 0};
  static constexpr int whole[2] = {1, 0};
  const void* one = &single[0];
  const void* zero = &single[1];
};

}  // namespace

Cublas::Cublas(ImageLibraries& libraries) : library_(libraries.open("libcublas", {"13", "12", "11"})) {
  library_.bind(api_.cublasCreate_v2, "cublasCreate_v2");
  library_.bind(api_.cublasDestroy_v2, "cublasDestroy_v2");
  library_.bind(api_.cublasGetVersion_v2, "cublasGetVersion_v2");
  library_.bind(api_.cublasSetMathMode, "cublasSetMathMode");
  library_.bind(api_.cublasSetWorkspace_v2, "cublasSetWorkspace_v2");
  library_.bind(api_.cublasGemmEx, "cublasGemmEx");
  library_.bind(api_.cublasGemmStridedBatchedEx, "cublasGemmStridedBatchedEx");
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
void Cublas::gemm(const Gemm& gemm, const void* a, const void* b, void* c) const {
  const Factors factors(gemm.input);
  const int type = cuda_data_type(gemm.input), output = cuda_data_type(gemm.output);
  const int compute = compute_type_of(gemm.input);
  const int op_a = gemm.transposed_a ? kCublasOpT : kCublasOpN, op_b = gemm.transposed_b ? kCublasOpT : kCublasOpN;
  const int lda = gemm.transposed_a ? gemm.m : gemm.k, ldb = gemm.transposed_b ? gemm.k : gemm.n;
  if (gemm.batch == 1) {
    check(api_.cublasGemmEx(handle_, op_b, op_a, gemm.n, gemm.m, gemm.k, factors.one, b, type, ldb, a, type, lda,
                            factors.zero, c, output, gemm.n, compute, kCublasGemmDefault),
          "cublasGemmEx " + to_string(gemm));
    return;
  }
  const auto area = [](int rows, int columns) { return static_cast<long long>(rows) * columns; };
  check(api_.cublasGemmStridedBatchedEx(handle_, op_b, op_a, gemm.n, gemm.m, gemm.k, factors.one, b, type, ldb,
                                        area(gemm.k, gemm.n), a, type, lda, area(gemm.m, gemm.k), factors.zero, c,
                                        output, gemm.n, area(gemm.m, gemm.n), gemm.batch, compute, kCublasGemmDefault),
        "cublasGemmStridedBatchedEx " + to_string(gemm));
}

void Cublas::set_workspace(void* workspace, std::size_t bytes) const {
  check(api_.cublasSetWorkspace_v2(handle_, workspace, bytes), "cublasSetWorkspace");
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
