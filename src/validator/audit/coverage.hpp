// Whether the GPU code of an image's libraries runs on the target's GPUs, before anything ran on one: pure judgement
// over the fat binaries' targets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "elf/device_code.hpp"
#include "elf/gpu_target.hpp"

namespace envforge::validator::audit {

/// What a library without code for a GPU means for torch on that GPU.
enum class Role {
  kEveryUse,    // torch cannot work: libtorch_cuda, cuBLAS, cuDNN, NCCL, ...
  kOneFeature,  // one part of torch, or one other package, cannot work
  kOptional,    // used only where the GPU offers it (cuSPARSELt, NVSHMEM)
};

struct LibraryCode {
  std::string name;  // file name
  std::string path;
  Role role = Role::kOneFeature;
  elf::DeviceCode code;
  /// False for a library that keeps its code where it is not read (cuFFT): its coverage is not known.
  bool known = true;
};

/// By file name; the rows are in coverage.cpp.
Role role_of(const std::string& file_name);
/// True if the fat binaries are the library's real store of code: not for cuFFT, whose kernels lie elsewhere.
bool store_is_known(const std::string& file_name, std::uint64_t file_bytes, const elf::DeviceCode& code);

enum class Coverage { kSass, kPtx, kPartial, kNone, kNotKnown };

/// kSass: runs as it is. kPtx: only by what the driver compiles. kPartial: code for less than a tenth of what the
/// library has for its best covered GPU.
Coverage coverage_of(const LibraryCode& library, const elf::GpuTarget& gpu);

struct Gap {
  std::string library;
  Role role;
  elf::GpuTarget gpu;
  Coverage coverage;  // kPtx, kPartial, kNone or kNotKnown
};
/// Every pair that is not plainly covered by SASS, in the order of the libraries, then of the GPUs.
std::vector<Gap> find_gaps(const std::vector<LibraryCode>& libraries, const std::vector<elf::GpuTarget>& gpus);

/// "sm_80, sm_90, sm_90a; PTX compute_90".
std::string describe_code(const elf::DeviceCode& code);

}  // namespace envforge::validator::audit
