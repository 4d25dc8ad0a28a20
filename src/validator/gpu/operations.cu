// The reference of layers, apart from kernels.cu: it takes as long to compile as all the others, and only cuDNN's checks
// need it.
using namespace envforge::validator::numbers;

/// out[i] = element indices[i] of a layer's output.
extern "C" __global__ void reference_operation(double* out, const U64* indices, U64 count, Operation operation, Stream a,
                                               Stream b) {
  const U64 step = U64(gridDim.x) * blockDim.x;
  for (U64 i = U64(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    out[i] = operation_element(operation, a, b, indices[i]);
  }
}
