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
  std::vector<std::string> suggestions;  // nearest names, at most three; none of another maker's
  std::string maker;  // AMD, Intel or Apple: whose the name is, by its words; "" where they say nothing
};

/// One name, several compute capabilities.
struct GpuAmbiguous {
  std::vector<std::string> meanings;  // "Quadro RTX 6000 (7.5)", "RTX 6000 Ada Generation (8.9)"
};

using GpuLookup = std::variant<GpuMatch, GpuUnknown, GpuAmbiguous>;

/// The names of all models taken apart once: for who looks up more than one.
class GpuIndex {
 public:
  /// `knowledge` must outlive the index.
  explicit GpuIndex(const Knowledge& knowledge);
  /// As find_gpu().
  GpuLookup find(const std::string& name) const;

 private:
  using Words = std::vector<std::string>;
  struct Name {
    const Gpu* gpu;
    Words full, plain, core;  // all words; without brands; without memory size and form factor too
  };
  /// The models of which any name passes, in the order of the rows.
  template <class Test>
  std::vector<const Gpu*> models(Test&& test) const;

  const Knowledge& knowledge_;
  std::vector<Name> names_;
};

/// "A100", "RTX 5090", "Tesla V100-SXM2-32GB", "NVIDIA H100 80GB HBM3", "h200", "sm_90", "9.0". Vendor words, case,
/// spaces, memory size and form factor do not matter; a name that begins several models stands for all of them if they
/// share one compute capability.
GpuLookup find_gpu(const Knowledge& knowledge, const std::string& name);
/// Whether the model is sold only together with an Arm CPU: GH200, GB200, GB10, Jetson.
bool sold_with_arm(const Gpu& gpu);
/// Whether every model is that the name can mean.
bool needs_arm_host(const GpuMatch& match);

}  // namespace envforge::compat
