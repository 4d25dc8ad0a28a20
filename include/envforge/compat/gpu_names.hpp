// From what people and nvidia-smi call a GPU to its compute capability.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include <envforge/compat/knowledge.hpp>

namespace envforge::compat {

struct GpuMatch {
  std::string cc;                  // 9.0
  std::vector<const Gpu*> models;  // the rows that the name can mean, all of one compute capability
  const Architecture* architecture = nullptr;
  /// The name itself is in no row: the compute capability is that of the model whose name it extends.
  bool inferred = false;
};

struct GpuUnknown {
  std::vector<std::string> suggestions;  // nearest names, at most three
};

/// One name, several compute capabilities.
struct GpuAmbiguous {
  std::vector<std::string> meanings;  // "Quadro RTX 6000 (7.5)", "RTX 6000 Ada Generation (8.9)"
};

using GpuLookup = std::variant<GpuMatch, GpuUnknown, GpuAmbiguous>;

/// "A100", "RTX 5090", "Tesla V100-SXM2-32GB", "NVIDIA H100 80GB HBM3", "h200", "sm_90", "9.0". Vendor words, case,
/// spaces, memory size and form factor do not matter; a name that begins several models stands for all of them if they
/// share one compute capability.
GpuLookup find_gpu(const Knowledge& knowledge, const std::string& name);

}  // namespace envforge::compat
