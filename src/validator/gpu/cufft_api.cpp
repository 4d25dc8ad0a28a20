#include "gpu/cufft_api.hpp"

#include "harness/check.hpp"

namespace envforge::validator::gpu {

using numbers::Type;

Cufft::Cufft(ImageLibraries& libraries) : library_(libraries.open("libcufft", {"12", "11", "10"})) {
  library_.bind(api_.cufftGetVersion, "cufftGetVersion");
  library_.bind(api_.cufftPlanMany, "cufftPlanMany");
  library_.bind(api_.cufftDestroy, "cufftDestroy");
  library_.bind(api_.cufftExecC2C, "cufftExecC2C");
  library_.bind(api_.cufftExecR2C, "cufftExecR2C");
  library_.bind(api_.cufftExecC2R, "cufftExecC2R");
  library_.bind(api_.cufftExecZ2Z, "cufftExecZ2Z");
  library_.bind(api_.cufftExecD2Z, "cufftExecD2Z");
  library_.bind(api_.cufftExecZ2D, "cufftExecZ2D");
}

std::string Cufft::version() const {
  int version = 0;
  if (api_.cufftGetVersion(&version) != 0) return "";
  return std::to_string(version / 1000) + "." + std::to_string(version / 100 % 10) + "." +
         std::to_string(version % 100);
}

void Cufft::report(ImageLibraries& libraries) const {
  libraries.report(library_, "cufftGetVersion", version());
}

// cuFFT has no function that names its errors.
void Cufft::check(int status, const std::string& call) const {
  if (status == 0) return;
  throw harness::Failure(call + ": cufftResult " + std::to_string(status) + " (cuFFT " + version() + ")",
                         protocol::Layer::kImage, library_.name(),
                         "`envforge verify --gpus none` names libraries of different releases");
}

FourierPlan::FourierPlan(const Cufft& cufft, const numbers::Fourier& shape, Type type, bool inverse)
    : cufft_(&cufft), wide_(type == Type::kFp64), real_(shape.real), inverse_(inverse) {
  int sizes[2] = {static_cast<int>(shape.rows), static_cast<int>(shape.columns)};
  const bool flat = shape.rows == 1;
  const int kind = !real_    ? (wide_ ? kCufftZ2Z : kCufftC2C)
                   : inverse ? (wide_ ? kCufftZ2D : kCufftC2R)
                             : (wide_ ? kCufftD2Z : kCufftR2C);
  cufft.check(cufft.api().cufftPlanMany(&plan_, flat ? 1 : 2, flat ? &sizes[1] : sizes, nullptr, 1, 0, nullptr, 1, 0,
                                        kind, static_cast<int>(shape.batch)),
              "cufftPlanMany " + std::to_string(shape.rows) + " x " + std::to_string(shape.columns));
}

FourierPlan::~FourierPlan() {
  cufft_->api().cufftDestroy(plan_);
}

void FourierPlan::run(const Buffer& from, const Buffer& to) const {
  const CufftApi& api = cufft_->api();
  void* in = from.pointer();
  void* out = to.pointer();
  if (!real_) {
    const int direction = inverse_ ? kCufftInverse : kCufftForward;
    const auto run = wide_ ? api.cufftExecZ2Z : api.cufftExecC2C;
    cufft_->check(run(plan_, in, out, direction), wide_ ? "cufftExecZ2Z" : "cufftExecC2C");
  } else if (inverse_) {
    cufft_->check((wide_ ? api.cufftExecZ2D : api.cufftExecC2R)(plan_, in, out),
                  wide_ ? "cufftExecZ2D" : "cufftExecC2R");
  } else {
    cufft_->check((wide_ ? api.cufftExecD2Z : api.cufftExecR2C)(plan_, in, out),
                  wide_ ? "cufftExecD2Z" : "cufftExecR2C");
  }
}

}  // namespace envforge::validator::gpu
