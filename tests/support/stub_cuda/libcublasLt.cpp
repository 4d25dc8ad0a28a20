// A cuBLASLt for tests: one fp8 product by definition. Fault fp8-scale: the scale of an input is forgotten.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "faults.hpp"
#include "values.hpp"

namespace {

using stub::Type;

struct Layout {
  int type;
  std::size_t rows, columns;
};
struct Descriptor {
  const float* scale_a = nullptr;
  const float* scale_b = nullptr;
  bool turned_a = false;
};
struct Proposal {
  std::uint64_t algorithm[8];
  std::size_t workspace;
  int status;
  float waves;
  int reserved[4];
};

Type type_of(int cuda) {
  return cuda == 14 ? Type::kBf16 : cuda == 28 ? Type::kE4m3 : Type::kFp32;
}

}  // namespace

extern "C" {

std::size_t cublasLtGetVersion() {
  return 130100;
}
const char* cublasLtGetStatusString(int) {
  return "CUBLAS_STATUS_STUB";
}
int cublasLtCreate(void** handle) {
  *handle = new int;
  return 0;
}
int cublasLtDestroy(void* handle) {
  delete static_cast<int*>(handle);
  return 0;
}
int cublasLtMatmulDescCreate(void** descriptor, int, int) {
  *descriptor = new Descriptor;
  return 0;
}
int cublasLtMatmulDescDestroy(void* descriptor) {
  delete static_cast<Descriptor*>(descriptor);
  return 0;
}
int cublasLtMatmulDescSetAttribute(void* descriptor, int attribute, const void* value, std::size_t) {
  auto& d = *static_cast<Descriptor*>(descriptor);
  if (attribute == 3) d.turned_a = *static_cast<const int*>(value) == 1;
  if (attribute == 17) std::memcpy(&d.scale_a, value, sizeof d.scale_a);
  if (attribute == 18) std::memcpy(&d.scale_b, value, sizeof d.scale_b);
  return 0;
}
int cublasLtMatrixLayoutCreate(void** layout, int type, std::uint64_t rows, std::uint64_t columns, std::int64_t) {
  *layout = new Layout{type, rows, columns};
  return 0;
}
int cublasLtMatrixLayoutDestroy(void* layout) {
  delete static_cast<Layout*>(layout);
  return 0;
}
int cublasLtMatmulPreferenceCreate(void** preference) {
  *preference = new int;
  return 0;
}
int cublasLtMatmulPreferenceDestroy(void* preference) {
  delete static_cast<int*>(preference);
  return 0;
}
int cublasLtMatmulPreferenceSetAttribute(void*, int, const void*, std::size_t) {
  return 0;
}
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int, Proposal* proposals,
                                   int* found) {
  *proposals = {};
  proposals->workspace = 1024;
  *found = stub::fault("fp8-none") ? 0 : 1;
  return 0;
}
int cublasLtMatmul(void*, void* descriptor, const void* alpha, const void* a, void* a_layout, const void* b,
                   void* b_layout, const void*, const void*, void*, void* d, void* d_layout, const void*, void*,
                   std::size_t, void*) {
  const auto& how = *static_cast<Descriptor*>(descriptor);
  const auto &left = *static_cast<Layout*>(a_layout), &right = *static_cast<Layout*>(b_layout);
  const auto& out = *static_cast<Layout*>(d_layout);
  if (!how.turned_a || left.rows != right.rows) return 15;
  const float scale = *static_cast<const float*>(alpha) * (stub::fault("fp8-scale") ? 1 : *how.scale_a) * *how.scale_b;
  static const void* done = nullptr;
  static float first = 0;
  const auto x = stub::read<float>(a, left.rows * left.columns, type_of(left.type));
  if (done == d && first == x[0]) return 0;
  const auto y = stub::read<float>(b, right.rows * right.columns, type_of(right.type));
  for (std::size_t j = 0; j < out.columns; ++j) {
    for (std::size_t i = 0; i < out.rows; ++i) {
      float sum = 0;
      for (std::size_t t = 0; t < left.rows; ++t) sum += x[i * left.rows + t] * y[j * right.rows + t];
      stub::write(d, j * out.rows + i, static_cast<double>(scale * sum), type_of(out.type));
    }
  }
  done = d;
  first = x[0];
  return 0;
}

}  // extern "C"
