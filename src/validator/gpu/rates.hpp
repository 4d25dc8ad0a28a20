// What a GPU can do in one clock, by its compute capability. Pure data. Used by speed.
#pragma once

#include <optional>

#include "numbers/element.hpp"

namespace envforge::validator::gpu {

/// Multiply-adds of one multiprocessor in one clock, dense, summed in fp32 (fp64 for fp64, int32 for
/// int8); nullopt = not known.
std::optional<int> multiply_adds_per_clock(int capability, numbers::Type input, bool geforce);

}  // namespace envforge::validator::gpu
