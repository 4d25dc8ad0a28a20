// A model of the process after `import torch` and first use of its CUDA parts: which file each library would be taken
// from, by which rule, and which other files could have been. No code of the image is executed for it.
#pragma once

#include <string>
#include <vector>

#include "loader/python_environment.hpp"
#include "loader/search.hpp"

namespace envforge::validator::loader {

/// Who asked for what `import torch` itself maps: its global dependencies and what it preloads.
inline constexpr char kTorchInit[] = "torch/__init__.py";

struct MappedLibrary {
  std::string soname;
  std::string path;
  std::string rule;           // which search rule chose it
  std::string needed_by;      // file name of the library that asked, kTorchInit, "LD_PRELOAD"
  std::vector<Found> others;  // further files that some rule offers for the same soname
};

struct MissingLibrary {
  std::string soname, needed_by;
};

struct TorchProcess {
  std::vector<MappedLibrary> mapped;  // in the order of loading
  std::vector<MissingLibrary> missing;
  std::string preload_row;  // the torch version whose preload list was used

  const MappedLibrary* find(const std::string& soname) const;
};

/// `torch_version`: "2.6.0+cu124".
TorchProcess model_torch_process(Search& search, const TorchPlace& torch, const std::string& torch_version);

/// True for the libraries of CUDA, cuDNN and NCCL by their names; the driver's (libcuda.so.1) are the host's.
bool is_cuda_library(const std::string& soname);

}  // namespace envforge::validator::loader
