// The version of the torch that this program was compiled against.
#pragma once

#if __has_include(<torch/headeronly/version.h>)
#include <torch/headeronly/version.h>
#else
#include <torch/csrc/api/include/torch/version.h>
#endif

namespace envforge::validator::checks::torch {

inline constexpr const char* kTorchVersion = TORCH_VERSION;

}  // namespace envforge::validator::checks::torch
