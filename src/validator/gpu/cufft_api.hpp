// The functions of cuFFT that the groups call, and one plan. The only place that declares them; tests/abi compares it
// with the headers.
#pragma once

#include <string>

#include "gpu/device.hpp"
#include "gpu/image_libraries.hpp"
#include "gpu/shared_library.hpp"
#include "numbers/fourier.hpp"

namespace envforge::validator::gpu {

struct CufftApi {
  int (*cufftGetVersion)(int* version);
  int (*cufftPlanMany)(int* plan, int rank, int* sizes, int* in_embed, int in_stride, int in_distance, int* out_embed,
                       int out_stride, int out_distance, int type, int batch);
  int (*cufftDestroy)(int plan);
  int (*cufftExecC2C)(int plan, void* from, void* to, int direction);
  int (*cufftExecR2C)(int plan, void* from, void* to);
  int (*cufftExecC2R)(int plan, void* from, void* to);
  int (*cufftExecZ2Z)(int plan, void* from, void* to, int direction);
  int (*cufftExecD2Z)(int plan, void* from, void* to);
  int (*cufftExecZ2D)(int plan, void* from, void* to);
};

enum CufftConstant : int {
  kCufftR2C = 0x2a,
  kCufftC2R = 0x2c,
  kCufftC2C = 0x29,
  kCufftD2Z = 0x6a,
  kCufftZ2D = 0x6c,
  kCufftZ2Z = 0x69,
  kCufftForward = -1,
  kCufftInverse = 1,
};

/// cuFFT, bound.
class Cufft {
 public:
  explicit Cufft(ImageLibraries& libraries);
  void report(ImageLibraries& libraries) const;
  const CufftApi& api() const { return api_; }
  void check(int status, const std::string& call) const;
  /// "12.0.0" of 12000; "" where it does not say.
  std::string version() const;

 private:
  SharedLibrary library_;
  CufftApi api_{};
};

/// One direction of one transform in fp32 or fp64. The inverse does not divide by the number of points.
class FourierPlan {
 public:
  FourierPlan(const Cufft& cufft, const numbers::Fourier& shape, numbers::Type type, bool inverse);
  FourierPlan(const FourierPlan&) = delete;
  FourierPlan& operator=(const FourierPlan&) = delete;
  ~FourierPlan();
  void run(const Buffer& from, const Buffer& to) const;

 private:
  const Cufft* cufft_;
  bool wide_, real_, inverse_;
  int plan_ = 0;
};

}  // namespace envforge::validator::gpu
