// A version set that satisfies a recipe, with the reason for each version. Made by resolve, used by app to write the
// lock and to ask uv for the Python packages around it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <envforge/documents/lock.hpp>
#include <envforge/support/error.hpp>

namespace envforge::resolve {

/// A requirement for uv: exactly this version, from this index ("" is the default one).
struct Pin {
  std::string package, version, index;
  friend bool operator==(const Pin&, const Pin&) = default;
};

struct Warning {
  std::string text;
  support::Where where;  // of the recipe; may be empty
  std::string source;    // the data row
  friend bool operator==(const Warning&, const Warning&) = default;
};

struct PlatformSolution {
  std::string platform;                                    // linux/amd64
  std::string torch;                                       // 2.6.0
  std::string cuda_variant;                                // cu124
  std::string cuda;                                        // 12.4
  std::string python;                                      // 3.11
  std::optional<documents::PythonArchive> python_archive;  // of the site; nullopt: the base's own
  std::string cudnn, nccl, cublas, triton;                 // "" = not known, or none
  std::string torchvision, torchaudio;                     // "" = not asked for
  std::string torch_index;                                 // "" = PyPI
  std::string glibc;                                       // of the base
  std::string require_cuda;  // NVIDIA_REQUIRE_CUDA: cuda>=12.0, or a driver branch of forward compatibility
  int cxx11_abi = 1;
  int cxx_standard = 17;
  std::vector<std::string> gpu_architectures;  // sm_90 ... that the pools need
  std::vector<std::string>
      gpu_code;  // what of the wheel serves each: "sm_90", "sm_80 for sm_86", "not known for sm_120"
  std::map<std::string, std::vector<std::string>> architectures_of_pool;  // pool -> its part of them
  std::vector<Pin> pins;
  std::vector<documents::Choice> choices;
  friend bool operator==(const PlatformSolution&, const PlatformSolution&) = default;
};

struct Solution {
  std::string base;                         // debian:12
  std::string suite;                        // bookworm
  std::vector<PlatformSolution> platforms;  // as the recipe lists them
  bool doubtful = false;       // asked for by name, but whether it runs is not known to the data: a warning says why
  std::string compat_package;  // cuda-compat-13-0: the containers of some pool must have it; "" = none needed
  std::vector<Warning> warnings;
  std::string data_digest, data_as_of;
  friend bool operator==(const Solution&, const Solution&) = default;
};

}  // namespace envforge::resolve
