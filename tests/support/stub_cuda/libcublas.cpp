// A cuBLAS for tests: the product by definition, in single precision, once for each set of buffers (timing repeats it).
// Faults: gemm-element one element is off by one, gemm-tile a 64 x 64 tile is never written, gemm-tf32 inputs are
// rounded to 11 bits.
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
  return cuda == 1 ? Type::kFp64 : cuda == 2 ? Type::kFp16 : cuda == 14 ? Type::kBf16 : Type::kFp32;
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

// By columns, as cuBLAS counts: C(i, j) = sum over t of A(i, t) B(t, j).
template <class Real>
void multiply(std::size_t m, std::size_t n, std::size_t k, const void* a_memory, Type a_type, const void* b_memory,
              Type b_type, void* c_memory, Type c_type) {
  const auto a = operand<Real>(a_memory, m * k, a_type);
  const auto b = operand<Real>(b_memory, k * n, b_type);
  std::vector<Real> column(m);
  for (std::size_t j = 0; j < n; ++j) {
    std::fill(column.begin(), column.end(), Real{0});
    for (std::size_t t = 0; t < k; ++t) {
      const Real factor = b[t + j * k];
      const Real* line = &a[t * m];
      for (std::size_t i = 0; i < m; ++i) column[i] += line[i] * factor;
    }
    for (std::size_t i = 0; i < m; ++i) {
      if (stub::fault("gemm-tile") && i >= 128 && i < 192 && j >= 64 && j < 128) continue;
      stub::write(c_memory, i + j * m, static_cast<double>(column[i]), c_type);
    }
  }
  if (stub::fault("gemm-element")) stub::write(c_memory, 7 + 3 * m, static_cast<double>(column[7]) + 1e4, c_type);
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

int cublasGemmEx(void*, int, int, int m, int n, int k, const void*, const void* a, int a_type, int, const void* b,
                 int b_type, int, const void*, void* c, int c_type, int, int compute, int) {
  stub::maybe_hang_or_crash("cublasGemmEx");
  using Key = std::tuple<const void*, const void*, void*, int, int, int, int>;
  static std::map<Key, std::uint64_t> done;  // and the first element of A then: buffers come again at the same address
  const auto mark = envforge::validator::numbers::load(a, 0, type_of(a_type)) +
                    envforge::validator::numbers::load(c, 0, type_of(c_type));
  const Key key{a, b, c, m, n, k, a_type};
  const auto found = done.find(key);
  if (stub::fault("slow")) usleep(5000);
  if (found != done.end() && found->second == mark) return 0;
  const auto wide = [](int x) { return static_cast<std::size_t>(x); };
  if (compute == 70) {
    multiply<double>(wide(m), wide(n), wide(k), a, type_of(a_type), b, type_of(b_type), c, type_of(c_type));
  } else {
    multiply<float>(wide(m), wide(n), wide(k), a, type_of(a_type), b, type_of(b_type), c, type_of(c_type));
  }
  done[key] = envforge::validator::numbers::load(a, 0, type_of(a_type)) +
              envforge::validator::numbers::load(c, 0, type_of(c_type));
  return 0;
}

}  // extern "C"
