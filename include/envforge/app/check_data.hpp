// The compatibility data against what PyPI serves today: pins of torch's wheels, Pythons, platforms, C library floors.
// What no wheel metadata can prove (machine code, drivers, GPUs, builds of PyTorch's own index) is not asked; machine
// code is read from wheels that are there as files.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/app/world.hpp>

namespace envforge::app {

struct DataDifference {
  std::string row;    // compat/pytorch.json: 2.6.0 cu124, linux/amd64
  std::string field;  // cudnn
  std::string data;   // what the row says
  std::string found;  // what PyPI, or the wheel, says
  friend bool operator==(const DataDifference&, const DataDifference&) = default;
};

/// A wheel of torch, opened.
struct WheelFacts {
  std::string file;  // its name
  std::string torch, cuda, cuda_variant, platform;
  std::vector<std::string> sass, ptx;     // sm_80, compute_90: of every kernel, as in a row
  std::vector<std::string> some_kernels;  // "sm_90a (2 of 341)": of some, which no row lists
  std::vector<std::string> linalg_sass;   // of libtorch_cuda_linalg.so; empty without that library
  int cxx11_abi = -1, cxx_standard = -1;  // of TorchConfig.cmake; -1 = it does not say
};

struct DataCheck {
  std::size_t builds = 0, questions = 0;  // builds of which PyPI was asked, and how often
  std::vector<WheelFacts> wheels;         // what was opened
  std::vector<DataDifference> differences;
};

/// Asks about every build that PyPI serves of the releases in `torch` (a range; "" = all), and whether there is a newer
/// one. Throws Error{kUsage, kIndexUnreachable} and what the Python resolver throws.
DataCheck check_data(World& world, const std::string& torch);

/// Opens wheels of torch and holds machine code, C++ ABI and standard of their rows against them. Nothing is asked of
/// an index. Throws Error{kUsage} for what is no wheel of torch with CUDA, and Error{kFileUnreadable, kFileWrite}.
DataCheck check_wheels(World& world, const std::vector<std::string>& files);

/// The row of a release as far as PyPI's wheels prove it, for a person to review and complete: what they do not prove
/// is null. `files`, wheels of that release, are opened and fill in what they prove. Throws Error{kUsage,
/// kIndexUnreachable} and as check_wheels().
nlohmann::json draft_release(World& world, const std::string& version, const std::vector<std::string>& files = {});

}  // namespace envforge::app
