#include "offers.hpp"

#include <algorithm>
#include <set>

#include <envforge/versions/python_name.hpp>

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

// Whether the archive is a newer patch of its Python.
bool is_newer(const documents::PythonArchive* archive, const documents::PythonArchive* than) {
  return Version::of(versions::without_t(archive->version)) > Version::of(versions::without_t(than->version));
}

bool has_wheel_for(const compat::Build& build, std::string_view python) {
  const compat::Names names = versions::is_free_threaded(python) ? build.free_threaded : build.python;
  return std::find(names.begin(), names.end(), python) != names.end();
}

}  // namespace

Offers::Offers(const compat::Knowledge& knowledge, std::vector<documents::PythonArchive> pythons)
    : knowledge_(knowledge), archives_(std::move(pythons)) {
  read_archives();
  for (const compat::Release& release : knowledge.tables().releases) {
    const Version torch = Version::of(release.version);
    for (const compat::Build& build : release.builds) {
      builds_.push_back({&release, &build, torch, Version::of(build.cuda)});
      add_pairings(build);
    }
  }
  set_ages(builds_, &BuildOption::torch, &BuildOption::torch_age);
  set_ages(builds_, &BuildOption::cuda, &BuildOption::cuda_age);
}

void Offers::read_archives() {
  std::map<std::string, PythonOffer> by_name;
  for (const auto& archive : archives_) {
    PythonOffer& offer = by_name[versions::python_series(archive.version)];
    offer.archives[archive.platform].push_back(&archive);
  }
  for (auto& [name, offer] : by_name) {
    offer.name = name;
    for (auto& [platform, archives] : offer.archives) std::sort(archives.begin(), archives.end(), is_newer);
    pythons_.push_back(std::move(offer));
  }
  std::stable_sort(pythons_.begin(), pythons_.end(), [](const PythonOffer& a, const PythonOffer& b) {
    return Version::of(versions::without_t(a.name)) > Version::of(versions::without_t(b.name));
  });
}

// Of the build that was added last.
void Offers::add_pairings(const compat::Build& build) {
  const std::size_t option = builds_.size() - 1;
  for (const compat::Base& base : knowledge_.tables().bases) {
    const Version glibc = Version::of(base.glibc);
    std::vector<std::string_view> too_old_for;
    for (const auto& platform : build.platforms) {
      if (glibc < Version::of(platform.min_glibc)) too_old_for.push_back(platform.platform);
    }
    if (has_wheel_for(build, base.python)) pairings_.push_back({option, &base, nullptr, too_old_for});
    for (const PythonOffer& offer : pythons_) {
      if (offer.name == base.python || !has_wheel_for(build, offer.name)) continue;
      Pairing pairing{option, &base, &offer, too_old_for};
      for (const std::string_view platform : {"linux/amd64", "linux/arm64"}) {
        if (archive_for(offer, platform, base) == nullptr) pairing.not_on.push_back(platform);
      }
      pairings_.push_back(std::move(pairing));
    }
  }
}

const documents::PythonArchive* archive_for(const PythonOffer& python, std::string_view platform,
                                            const compat::Base& base) {
  const auto archives = python.archives.find(platform);
  if (archives == python.archives.end()) return nullptr;
  const auto found = std::find_if(
      archives->second.begin(), archives->second.end(),
      [&](const documents::PythonArchive* archive) { return Version::of(archive->glibc) <= Version::of(base.glibc); });
  return found == archives->second.end() ? nullptr : *found;
}

const PythonOffer* Offers::python(std::string_view name) const {
  const auto found =
      std::find_if(pythons_.begin(), pythons_.end(), [&](const PythonOffer& offer) { return offer.name == name; });
  return found == pythons_.end() ? nullptr : &*found;
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
