// Below which share of its model a measurement counts as degraded. Pure data, one row for each thing that is timed,
// with where the number comes from. Used by the checks that judge speed.
#pragma once

#include <string>

namespace envforge::validator::gpu {

struct Threshold {
  const char* what;  // "gemm bf16"
  double lowest;     // share of the model
  const char* source;
};

/// Throws std::out_of_range for what has no row: a check without a threshold is a mistake in this program.
const Threshold& threshold_of(const std::string& what);

}  // namespace envforge::validator::gpu
