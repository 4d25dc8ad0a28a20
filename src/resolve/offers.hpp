// What the data offers to every recipe: builds and bases with their versions parsed once, GPU names, and what machines
// ask of the builds, answered once. A conflict is solved dozens of times with changed recipes; all of them share this.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <envforge/compat/gpu_names.hpp>
#include <envforge/compat/knowledge.hpp>
#include <envforge/versions/version.hpp>

namespace envforge::resolve {

enum class Fit { kYes, kUnknown, kNo };

/// A build with its versions parsed once.
struct BuildOption {
  const compat::Release* release = nullptr;
  const compat::Build* build = nullptr;
  versions::Version torch, cuda;
  int torch_age = 0, cuda_age = 0;  // 0 is the newest that the data knows
};

/// A build on a base that has a Python for it.
struct Pairing {
  std::size_t option = 0;  // index into Offers::builds()
  const compat::Base* base = nullptr;
  std::vector<std::string_view> too_new_for_base;  // platforms whose wheel needs a newer glibc
};

class Offers {
 public:
  /// `knowledge` must outlive the offers.
  explicit Offers(const compat::Knowledge& knowledge);
  Offers(const Offers&) = delete;
  Offers& operator=(const Offers&) = delete;

  const compat::Knowledge& knowledge() const { return knowledge_; }
  const std::vector<BuildOption>& builds() const { return builds_; }  // newest torch first, newest CUDA first
  const std::vector<Pairing>& pairings() const { return pairings_; }
  const compat::GpuLookup& gpu(const std::string& name);
  /// One answer for each build, from `ask` (index into builds()) the first time that `question` is put.
  const std::vector<Fit>& answers(const std::string& question, const std::function<Fit(std::size_t)>& ask);

 private:
  const compat::Knowledge& knowledge_;
  std::vector<BuildOption> builds_;
  std::vector<Pairing> pairings_;
  std::optional<compat::GpuIndex> index_;
  std::map<std::string, compat::GpuLookup> gpus_;
  std::map<std::string, std::vector<Fit>> answers_;
};

}  // namespace envforge::resolve
