#include "offers.hpp"

#include <algorithm>
#include <set>

namespace envforge::resolve {

using versions::Version;

namespace {

// Ages of versions: 0 is the newest; equal versions are of one age.
template <class Member>
void set_ages(std::vector<BuildOption>& builds, Version BuildOption::*version, Member age) {
  std::set<Version, std::greater<>> known;
  for (const BuildOption& build : builds) known.insert(build.*version);
  std::map<Version, int> ages;
  for (const Version& one : known) ages.emplace(one, static_cast<int>(ages.size()));
  for (BuildOption& build : builds) build.*age = ages.at(build.*version);
}

}  // namespace

Offers::Offers(const compat::Knowledge& knowledge) : knowledge_(knowledge) {
  const compat::Tables& tables = knowledge.tables();
  std::vector<Version> glibc;
  for (const compat::Base& base : tables.bases) glibc.push_back(Version::of(base.glibc));
  for (const compat::Release& release : tables.releases) {
    const Version torch = Version::of(release.version);
    for (const compat::Build& build : release.builds) {
      std::vector<std::pair<std::string_view, Version>> needs;
      for (const auto& platform : build.platforms)
        needs.emplace_back(platform.platform, Version::of(platform.min_glibc));
      builds_.push_back({&release, &build, torch, Version::of(build.cuda)});
      for (std::size_t i = 0; i < tables.bases.size(); ++i) {
        const compat::Base& base = tables.bases[i];
        if (std::find(build.python.begin(), build.python.end(), base.python) == build.python.end()) continue;
        Pairing pairing{builds_.size() - 1, &base, {}};
        for (const auto& [platform, needed] : needs) {
          if (glibc[i] < needed) pairing.too_new_for_base.push_back(platform);
        }
        pairings_.push_back(std::move(pairing));
      }
    }
  }
  set_ages(builds_, &BuildOption::torch, &BuildOption::torch_age);
  set_ages(builds_, &BuildOption::cuda, &BuildOption::cuda_age);
}

const compat::GpuLookup& Offers::gpu(const std::string& name) {
  const auto known = gpus_.find(name);
  if (known != gpus_.end()) return known->second;
  if (!index_) index_.emplace(knowledge_);
  return gpus_.emplace(name, index_->find(name)).first->second;
}

const std::vector<Fit>& Offers::answers(const std::string& question, const std::function<Fit(std::size_t)>& ask) {
  const auto [entry, fresh] = answers_.try_emplace(question);
  if (fresh) {
    entry->second.reserve(builds_.size());
    for (std::size_t i = 0; i < builds_.size(); ++i) entry->second.push_back(ask(i));
  }
  return entry->second;
}

}  // namespace envforge::resolve
