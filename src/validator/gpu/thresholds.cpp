#include "gpu/thresholds.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace envforge::validator::gpu {
namespace {

// A row is at most three quarters of the lowest share that a healthy GPU was seen at, so that no choice of kernel and
// no neighbour on the host raises an alarm, and a GPU at half of its speed does. Measured on H200 (driver 580.159, CUDA
// 13.0), November 2026, products and convolutions at the clock that the SMs' cycle counters gave; shares of other GPUs
// from public measurements with nvbandwidth and cuBLAS.
constexpr std::array<Threshold, 16> kRows{{
    {"gemm bf16", 0.5, "H200 0.88 to 0.94"},
    {"gemm fp16", 0.5, "H200 0.88 to 0.95"},
    {"gemm fp32", 0.5, "H200 0.75 to 0.77"},
    {"gemm fp64", 0.5, "H200 0.91 to 0.94"},
    {"gemm tf32", 0.5, "H200 0.90 to 0.93"},
    {"gemm fp8 e4m3", 0.45, "H200 0.88 to 0.91"},
    {"gemm i8", 0.3, "H200 0.62 to 0.73, with B transposed"},
    {"convolution fp16", 0.3, "H200 0.80 to 0.91 by the fastest engine"},
    {"data gradient fp16", 0.3, "H200 0.82 to 0.93 by the fastest engine"},
    {"weight gradient fp16", 0.15,
     "H200 0.72 to 0.85; half of a convolution's, for sums over pictures need a second pass"},
    {"copy on the device", 0.55, "H200 0.89, H100 0.77 of memory clock x bus"},
    {"copy to the device", 0.6, "PCIe 5.0 x16 0.88, 4.0 x16 0.80, 3.0 x16 0.76 of the raw link"},
    {"copy from the device", 0.6, "PCIe 5.0 x16 0.88, 4.0 x16 0.80, 3.0 x16 0.76 of the raw link"},
    {"copy between devices", 0.6, "NVLink of H100 and H200 0.84 to 0.88 of links x raw rate"},
    {"collective over NVLink", 0.5, "two H200 at 2 GiB: 0.75 (all-gather), 0.79 (reduce-scatter), else 0.91 to 1.00"},
    // Of the most that NVML tells of the GPU, by the median of samples in which neither power nor heat held the clock.
    {"SM clock under load", 0.5, "no single sample of an H200 under load was below 0.53, those of the power cap too"},
}};

}  // namespace

const Threshold& threshold_of(const std::string& what) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Threshold& r) { return what == r.what; });
  if (row == kRows.end()) throw std::out_of_range("no threshold for " + what);
  return *row;
}

}  // namespace envforge::validator::gpu
