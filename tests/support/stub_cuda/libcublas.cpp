// A cuBLAS for tests: the product by definition, in single precision, once for each set of buffers (timing repeats it).
// Faults: gemm-element one element is off, gemm-tile a 64 x 64 tile is never written, gemm-tf32 inputs of fp32 are
// rounded, gemm-transpose operands are taken as they lie, batch the last product is the first, workspace one byte
// behind it changes.
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "faults.hpp"
#include "values.hpp"

namespace {

using stub::Type;

Type type_of(int cuda) {
  switch (cuda) {
    case 1:
      return Type::kFp64;
    case 2:
      return Type::kFp16;
    case 3:
      return Type::kI8;
    case 10:
      return Type::kI32;
    case 14:
      return Type::kBf16;
    default:
      return Type::kFp32;
  }
}

template <class Real>
std::vector<Real> operand(const void* memory, std::size_t count, Type type) {
  auto values = stub::read<Real>(memory, count, type);
  if (!stub::fault("gemm-tf32") || type != Type::kFp32) return values;
  for (Real& value : values) {
    std::uint16_t half[2];
    stub::write(half, 0, static_cast<double>(value), Type::kBf16);
    value = static_cast<Real>(envforge::validator::numbers::decode(half[0], Type::kBf16));
  }
  return values;
}

struct Operand {
  const void* memory;
  Type type;
  bool turned;  // rows of memory are what the product takes as columns
};

std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

// By columns, as cuBLAS counts: C(i, j) = sum over t of A(i, t) B(t, j).
template <class Real>
void multiply(int m, int n, int k, const Operand& a_in, const Operand& b_in, void* c, Type c_type) {
  auto a = operand<Real>(a_in.memory, product(m, k), a_in.type);
  auto b = operand<Real>(b_in.memory, product(k, n), b_in.type);
  const bool ignored = stub::fault("gemm-transpose");
  if (a_in.turned && !ignored) {
    std::vector<Real> straight(a.size());
    for (int i = 0; i < m; ++i) {
      for (int t = 0; t < k; ++t) straight[product(t, m) + product(i, 1)] = a[product(i, k) + product(t, 1)];
    }
    a = straight;
  }
  if (b_in.turned && !ignored) {
    std::vector<Real> straight(b.size());
    for (int t = 0; t < k; ++t) {
      for (int j = 0; j < n; ++j) straight[product(j, k) + product(t, 1)] = b[product(t, n) + product(j, 1)];
    }
    b = straight;
  }
  std::vector<Real> column(product(m, 1));
  for (int j = 0; j < n; ++j) {
    std::fill(column.begin(), column.end(), Real{0});
    for (int t = 0; t < k; ++t) {
      const Real factor = b[product(j, k) + product(t, 1)];
      const Real* line = &a[product(t, m)];
      for (int i = 0; i < m; ++i) column[product(i, 1)] += line[i] * factor;
    }
    for (int i = 0; i < m; ++i) {
      if (stub::fault("gemm-tile") && i >= 128 && i < 192 && j >= 64 && j < 128) continue;
      stub::write(c, product(j, m) + product(i, 1), static_cast<double>(column[product(i, 1)]), c_type);
    }
  }
  if (stub::fault("gemm-element")) stub::write(c, 7, static_cast<double>(column[0]) + 1e4, c_type);
}

}  // namespace

extern "C" {

int cublasCreate_v2(void** handle) {
  stub::maybe_hang_or_crash("cublasCreate");
  *handle = new int;
  return stub::fault("cublas-create") ? 1 : 0;
}
int cublasDestroy_v2(void* handle) {
  delete static_cast<int*>(handle);
  return 0;
}
int cublasGetVersion_v2(void*, int* version) {
  *version = 130100;
  return 0;
}
int cublasSetMathMode(void*, int) {
  return 0;
}
const char* cublasGetStatusString(int) {
  return "CUBLAS_STATUS_NOT_INITIALIZED";
}

int cublasSetWorkspace_v2(void*, void* workspace, std::size_t bytes) {
  // A library that writes beyond what it was given.
  if (stub::fault("workspace")) static_cast<unsigned char*>(workspace)[bytes + 5] ^= 1;
  return 0;
}

int cublasGemmEx(void*, int op_a, int op_b, int m, int n, int k, const void*, const void* a, int a_type, int,
                 const void* b, int b_type, int, const void*, void* c, int c_type, int, int compute, int) {
  stub::maybe_hang_or_crash("cublasGemmEx");
  if (stub::fault("second-copy"))
    dlopen((std::getenv("LD_LIBRARY_PATH") + std::string("/libnvrtc.so.13")).c_str(), RTLD_NOW);
  using Key = std::tuple<const void*, const void*, void*, int, int, int, int, int>;
  static std::map<Key, std::uint64_t> done;  // and the first element of A then: buffers come again at the same address
  const auto mark = [&] {
    return envforge::validator::numbers::load(a, 0, type_of(a_type)) +
           envforge::validator::numbers::load(c, 0, type_of(c_type));
  };
  const Key key{a, b, c, m, n, k, a_type, op_a + 2 * op_b};
  const auto found = done.find(key);
  if (stub::fault("slow")) usleep(5000);
  if (found != done.end() && found->second == mark()) return 0;
  const Operand left{a, type_of(a_type), op_a == 1}, right{b, type_of(b_type), op_b == 1};
  if (compute == 70 || compute == 72) {
    multiply<double>(m, n, k, left, right, c, type_of(c_type));
  } else {
    multiply<float>(m, n, k, left, right, c, type_of(c_type));
  }
  done[key] = mark();
  return 0;
}

int cublasGemmStridedBatchedEx(void* handle, int op_a, int op_b, int m, int n, int k, const void* alpha, const void* a,
                               int a_type, int lda, long long stride_a, const void* b, int b_type, int ldb,
                               long long stride_b, const void* beta, void* c, int c_type, int ldc, long long stride_c,
                               int batch, int compute, int algorithm) {
  const auto at = [](const void* base, long long elements, int type) {
    return static_cast<const char*>(base) + elements * bytes_of(type_of(type));
  };
  for (int i = 0; i < batch; ++i) {
    const int matrix = stub::fault("batch") && i == batch - 1 ? 0 : i;  // the last takes the inputs of the first
    cublasGemmEx(handle, op_a, op_b, m, n, k, alpha, at(a, matrix * stride_a, a_type), a_type, lda,
                 at(b, matrix * stride_b, b_type), b_type, ldb, beta, const_cast<char*>(at(c, i * stride_c, c_type)),
                 c_type, ldc, compute, algorithm);
  }
  return 0;
}

}  // extern "C"
