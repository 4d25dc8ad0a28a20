#include <ATen/cuda/CUDAContext.h>  // brings cuBLAS', cuSOLVER's and cuSPARSE's headers
#include <torch/extension.h>

__host__ __device__ static float scaled(float value, float factor) {
  return value * factor + 1;
}

__global__ static void scale_all(const float* in, float* out, int count, float factor) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) out[i] = scaled(in[i], factor);
}

torch::Tensor scale(const torch::Tensor& in, double factor) {
  torch::Tensor out = torch::empty_like(in);
  const int count = static_cast<int>(in.numel());
  const float* from = in.data_ptr<float>();
  float* to = out.data_ptr<float>();
  if (in.is_cuda()) {
    scale_all<<<(count + 255) / 256, 256, 0, at::cuda::getCurrentCUDAStream()>>>(from, to, count, factor);
  } else {
    for (int i = 0; i < count; ++i) to[i] = scaled(from[i], factor);
  }
  return out;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("scale", &scale);
}
