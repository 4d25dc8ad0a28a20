// What the checks of this group share.
#pragma once

#include "gpu/cublas_api.hpp"
#include "gpu/session.hpp"

namespace envforge::validator::cublas {

struct Session : gpu::Session {
  explicit Session(harness::Context& context) : gpu::Session(context, gpu::Torch::kLoaded), cublas(libraries()) {}
  /// With a context and a handle; in `run` only.
  const gpu::Cublas& started() {
    device();
    cublas.start(libraries());
    return cublas;
  }
  gpu::Cublas cublas;
};

/// Element types that this GPU multiplies itself.
inline bool has_type(int capability, numbers::Type type) {
  return (type != numbers::Type::kBf16 && type != numbers::Type::kTf32) || capability >= 80;
}

}  // namespace envforge::validator::cublas
