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
#include <envforge/documents/python_archive.hpp>
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

/// A Python that the site has archives of.
struct PythonOffer {
  std::string name;  // 3.13t
  std::map<std::string, std::vector<const documents::PythonArchive*>, std::less<>>
      archives;  // by platform, newest first
};
/// The newest that runs on the base; nullptr: none does.
const documents::PythonArchive* archive_for(const PythonOffer& python, std::string_view platform,
                                            const compat::Base& base);

/// A build on a base, with a Python that its wheels are for.
struct Pairing {
  std::size_t option = 0;  // index into Offers::builds()
  const compat::Base* base = nullptr;
  const PythonOffer* archive = nullptr;  // nullptr: the base's own Python
  std::vector<std::string_view> not_on;  // platforms whose wheel or archive needs a newer glibc, or without an archive
};

class Offers {
 public:
  /// `knowledge` must outlive the offers. `pythons`: the archives of the site.
  explicit Offers(const compat::Knowledge& knowledge, std::vector<documents::PythonArchive> pythons = {});
  Offers(const Offers&) = delete;
  Offers& operator=(const Offers&) = delete;

  const compat::Knowledge& knowledge() const { return knowledge_; }
  const std::vector<BuildOption>& builds() const { return builds_; }  // newest torch first, newest CUDA first
  const std::vector<documents::PythonArchive>& archives() const { return archives_; }
  /// nullptr: the site has no archive of that Python ("3.13t").
  const PythonOffer* python(std::string_view name) const;
  /// 0 is the newest Python that the site has.
  int age(const PythonOffer& python) const { return static_cast<int>(&python - pythons_.data()); }
  const std::vector<Pairing>& pairings() const { return pairings_; }
  const compat::GpuLookup& gpu(const std::string& name);
  /// One answer for each build, from `ask` (index into builds()) the first time that `question` is put.
  const std::vector<Fit>& answers(const std::string& question, const std::function<Fit(std::size_t)>& ask);

 private:
  void read_archives();
  void add_pairings(const compat::Build& build);

  const compat::Knowledge& knowledge_;
  std::vector<documents::PythonArchive> archives_;
  std::vector<PythonOffer> pythons_;  // newest first
  std::vector<BuildOption> builds_;
  std::vector<Pairing> pairings_;
  std::optional<compat::GpuIndex> index_;
  std::map<std::string, compat::GpuLookup> gpus_;
  std::map<std::string, std::vector<Fit>> answers_;
};

}  // namespace envforge::resolve
