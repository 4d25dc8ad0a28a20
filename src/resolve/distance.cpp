#include "distance.hpp"

#include <algorithm>
#include <cstdlib>

namespace envforge::resolve {
namespace {

using versions::Version;

// The place of the minor release of each build, 0 the newest: a patch of the same minor is no distance.
std::vector<int> places_of(const std::vector<BuildOption>& newest_first) {
  std::vector<int> places;
  const Version* last = nullptr;
  for (const BuildOption& option : newest_first) {
    const bool same = last != nullptr && last->major() == option.torch.major() && last->minor() == option.torch.minor();
    places.push_back(last == nullptr ? 0 : places.back() + (same ? 0 : 1));
    last = &option.torch;
  }
  return places;
}

// From a torch that no build is of: its place is between those that are newer than all of it and the others. The older
// neighbour comes first.
std::vector<int> from_a_gap(const std::vector<BuildOption>& newest_first, const std::vector<int>& places,
                            const versions::VersionRange& range) {
  std::size_t newer = 0;
  while (newer < places.size() && range.is_before(newest_first[newer].torch)) ++newer;
  const bool between = newer > 0 && newer < places.size();
  const int step = between && places[newer - 1] != places[newer] ? 1 : 0;
  std::vector<int> distances;
  for (std::size_t i = 0; i < places.size(); ++i)
    distances.push_back(i < newer ? places[newer - 1] - places[i] + step : places[i] - places[newer]);
  return distances;
}

struct Release {
  std::string_view distribution;
  std::optional<Version> version;
};

Release release_of(std::string_view base) {
  const auto colon = std::min(base.find(':'), base.size());
  return {base.substr(0, colon), Version::parse(base.substr(std::min(colon + 1, base.size())))};
}

int from_base(const compat::Knowledge& knowledge, const std::string& wish, const compat::Base& base) {
  const Release asked = release_of(wish), own = release_of(base.name);
  const bool related = own.distribution == asked.distribution && own.version && asked.version;
  int between = 0;  // releases of the distribution that are nearer; all of them for another distribution
  for (const compat::Base& other : knowledge.tables().bases) {
    const Release one = release_of(other.name);
    if (one.distribution != asked.distribution || other.name == wish || !one.version || !asked.version) continue;
    const bool nearer = *asked.version < *one.version ? *one.version < *own.version : *own.version < *one.version;
    const bool same_side = related && (*asked.version < *own.version) == (*asked.version < *one.version);
    if (!related || (same_side && nearer)) ++between;
  }
  return between;
}

}  // namespace

Distances::Distances(const Problem& problem) : problem_(problem) {
  for (const compat::Base& base : problem.knowledge->tables().bases)
    base_.emplace(base.name, from_base(*problem.knowledge, problem.spec->base.value, base));
  const auto& options = problem.options();
  const auto& range = problem.spec->torch.version.value;
  const std::vector<int> places = places_of(options);
  std::vector<int> wanted;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (range.contains(options[i].torch)) wanted.push_back(places[i]);
  }
  if (wanted.empty()) {
    torch_ = from_a_gap(options, places, range);
    return;
  }
  for (const int own : places) {
    const auto nearer = [&](int a, int b) { return std::abs(a - own) < std::abs(b - own); };
    torch_.push_back(std::abs(*std::min_element(wanted.begin(), wanted.end(), nearer) - own));
  }
}

int Distances::of(const Candidate& candidate, const std::vector<std::size_t>& wishes) const {
  int sum = 0;
  for (const std::size_t i : wishes) {
    const Wish& wish = problem_.wishes[i];
    if (wish.kind == WishKind::kTorch) sum += torch_[candidate.option];
    if (wish.kind == WishKind::kBase) sum += base_.at(candidate.base->name);
  }
  return sum;
}

}  // namespace envforge::resolve
