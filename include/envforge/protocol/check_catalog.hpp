// What each check of this source tree says of itself, from the first comment lines of its file
// (cmake/CheckHeaders.cmake). Host and driver have it without CUDA; groups carry no table.
#pragma once

#include <string>
#include <vector>

#include <envforge/protocol/request.hpp>

namespace envforge::protocol {

struct CheckInfo {
  std::string id;               // "cublas.gemm-exact"
  std::string proves;           // one sentence, what a pass proves
  std::string control;          // the fault that is planted in every run; or "none, <why>"
  Suite suite = Suite::kQuick;  // the least suite that contains it
};

/// Sorted by id.
const std::vector<CheckInfo>& check_catalog();
/// quick is part of standard, and standard of soak.
bool is_in_suite(const CheckInfo& check, Suite suite);

}  // namespace envforge::protocol
