// Every check that this source tree has, from the paths src/validator/checks/<group>/<check>.cpp. So a program without
// CUDA knows all ids, and a recipe that names none of them is told before anything is built.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace envforge::protocol {

/// "cublas.gemm-exact", sorted.
const std::vector<std::string>& known_checks();
/// "cublas", sorted.
const std::vector<std::string>& known_groups();
/// "cublas" of "cublas.gemm-exact".
std::string group_of(std::string_view check_id);
/// "cublas.gemm-exact" of ".../checks/cublas/gemm_exact.cpp".
std::string check_id_of_path(std::string_view path);

}  // namespace envforge::protocol
