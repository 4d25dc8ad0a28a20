// What a process really has mapped, against what the loader's rules, read from disk, say that it would map. Pure.
#pragma once

#include <string>
#include <vector>

#include "loader/torch_process.hpp"

namespace envforge::validator::gpu {

/// A CUDA library that was taken from elsewhere.
struct Displaced {
  std::string soname;
  std::string mapped;    // the file in the process
  std::string expected;  // the file that the rules choose
  std::string rule;      // by which they choose it
};

/// `mapped`: paths without links. A library that `model` does not know, a plugin say, is none.
std::vector<Displaced> displaced_libraries(const loader::TorchProcess& model, const std::vector<std::string>& mapped);

/// How many of `mapped` are CUDA libraries that `model` knows.
std::size_t known_libraries(const loader::TorchProcess& model, const std::vector<std::string>& mapped);

}  // namespace envforge::validator::gpu
