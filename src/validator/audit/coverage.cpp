#include "audit/coverage.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include <envforge/support/text.hpp>

namespace envforge::validator::audit {
namespace {

struct RoleRow {
  std::string_view prefix;
  Role role;
};

// By reading what libtorch_cuda.so needs and when (facts on wheels of torch 2.3.1 to 2.15.0, 2026-11-21). The first
// prefix that fits decides.
constexpr std::array<RoleRow, 20> kRoles = {{
    {"libtorch_cuda.so", Role::kEveryUse},
    {"libtorch_cuda_linalg.so", Role::kOneFeature},
    {"libtorch_nvshmem", Role::kOptional},
    {"libcublas", Role::kEveryUse},
    {"libcudnn_engines_tensor_ir", Role::kOptional},
    {"libcudnn_engines_runtime_compiled", Role::kOptional},  // fused kernels, compiled at run time
    {"libcudnn_ext", Role::kOptional},
    {"libcudnn", Role::kEveryUse},
    {"libnccl", Role::kEveryUse},
    {"libcurand", Role::kOneFeature},
    {"libcusparseLt", Role::kOptional},
    {"libcusparse", Role::kOneFeature},
    {"libcusolverMg", Role::kOptional},
    {"libcusolver", Role::kOneFeature},
    {"libcufftw", Role::kOptional},
    {"libcufft", Role::kOneFeature},
    {"libcufile", Role::kOptional},
    {"libnvshmem", Role::kOptional},
    {"libnvjpeg", Role::kOneFeature},
    {"libnvblas", Role::kOptional},
}};

// A library larger than this with less than a hundredth of it in fat binaries keeps its code elsewhere: so libcufft.so
// (293 MB, one empty entry) and libcudnn_engines_tensor_ir.so (216 MB), 2026-11-21.
constexpr std::uint64_t kLargeFile = 64U << 20;
constexpr std::uint64_t kLeastShare = 100;
// Of the fat binaries that the best covered target has.
constexpr std::size_t kPartialShare = 10;

/// How many fat binaries have code that runs on `gpu`: as it is, and through PTX besides.
struct Counted {
  std::size_t sass = 0, ptx = 0;
};
Counted count_for(const elf::DeviceCode& code, const elf::GpuTarget& gpu) {
  Counted out;
  for (const elf::FatBinary& binary : code.binaries) {
    const auto any = [&](elf::CodeEntry::Kind kind, auto&& runs) {
      return std::any_of(binary.begin(), binary.end(),
                         [&](const elf::CodeEntry& entry) { return entry.kind == kind && runs(entry.target, gpu); });
    };
    if (any(elf::CodeEntry::Kind::kSass, elf::sass_runs_on)) {
      ++out.sass;
    } else if (any(elf::CodeEntry::Kind::kPtx, elf::ptx_compiles_for)) {
      ++out.ptx;
    }
  }
  return out;
}

}  // namespace

Role role_of(const std::string& file_name) {
  for (const RoleRow& row : kRoles) {
    if (support::starts_with(file_name, row.prefix)) return row.role;
  }
  return Role::kOneFeature;
}

bool store_is_known(const std::string& file_name, std::uint64_t file_bytes, const elf::DeviceCode& code) {
  if (support::starts_with(file_name, "libcufft")) return false;
  return file_bytes < kLargeFile || code.payload_bytes >= file_bytes / kLeastShare;
}

Coverage coverage_of(const LibraryCode& library, const elf::GpuTarget& gpu) {
  if (!library.known) return Coverage::kNotKnown;
  std::size_t best = 0;
  for (const auto& [target, entries] : library.code.sass()) {
    best = std::max(best, count_for(library.code, {target.major, target.minor, 0}).sass);
  }
  const Counted here = count_for(library.code, gpu);
  if ((here.sass + here.ptx) * kPartialShare < best)
    return here.sass + here.ptx == 0 ? Coverage::kNone : Coverage::kPartial;
  if (here.sass + here.ptx == 0) return Coverage::kNone;
  return here.sass * kPartialShare < best || here.sass == 0 ? Coverage::kPtx : Coverage::kSass;
}

std::vector<Gap> find_gaps(const std::vector<LibraryCode>& libraries, const std::vector<elf::GpuTarget>& gpus) {
  std::vector<Gap> out;
  for (const LibraryCode& library : libraries) {
    for (const elf::GpuTarget& gpu : gpus) {
      const Coverage coverage = coverage_of(library, gpu);
      if (coverage != Coverage::kSass) out.push_back({library.name, library.role, gpu, coverage});
    }
  }
  return out;
}

std::string describe_code(const elf::DeviceCode& code) {
  std::vector<std::string> sass, ptx;
  for (const auto& [target, entries] : code.sass()) sass.push_back(elf::sass_name(target));
  for (const auto& [target, entries] : code.ptx()) ptx.push_back(elf::ptx_name(target));
  return (sass.empty() ? "no SASS" : support::join(sass, " ")) +
         (ptx.empty() ? ", no PTX" : ", PTX " + support::join(ptx, " "));
}

}  // namespace envforge::validator::audit
