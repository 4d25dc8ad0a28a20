#include "solver.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

#include <envforge/support/text.hpp>

namespace envforge::resolve {
namespace {

constexpr int kExcluded = 2;

int on_pypi(const Problem& problem, const BuildOption& option) {
  int count = 0;
  for (const std::string& platform : problem.spec->platforms) {
    const auto* row = platform_of(*option.build, platform);
    if (row != nullptr && row->on_pypi) ++count;
  }
  return count;
}

std::string_view distribution(std::string_view base) {
  return base.substr(0, base.find(':'));
}

// Which constraints a conflict is told with, if there is a choice: torch and CUDA rather than what surrounds them.
int told_last(const Constraint& constraint) {
  switch (constraint.kind) {
    case ConstraintKind::kCutoff:
      return 0;
    case ConstraintKind::kCapability:
      return 1;
    case ConstraintKind::kInclude:
      return 2;
    case ConstraintKind::kPtxDriver:
      return 3;
    case ConstraintKind::kBase:
      return 4;
    case ConstraintKind::kPython:
      return 5;
    case ConstraintKind::kPlatform:
      return 6;
    case ConstraintKind::kDriverFloor:
      return 7;
    case ConstraintKind::kGpuDriver:
      return 8;
    case ConstraintKind::kGpuHost:
      return 8;
    case ConstraintKind::kGpuCode:
      return 9;
    case ConstraintKind::kCudaVariant:
      return 10;
    case ConstraintKind::kTorchVersion:
      return 11;
  }
  return 0;
}

}  // namespace

Search::Search(const Problem& problem, const std::optional<OldChoice>& old)
    : problem_(problem), takes_doubtful_(!is_auto(problem.spec->torch.cuda.value)) {
  std::vector<Candidate> candidates = problem.candidates;
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const Candidate& a, const Candidate& b) { return preferred(a, b, old); });
  for (const Candidate& candidate : candidates) {
    const bool same_build = !rows_.empty() && rows_.back().candidate.option == candidate.option;
    Row row{candidate, {}};
    for (std::size_t i = 0; i < problem.constraints.size(); ++i) {
      const Constraint& constraint = problem.constraints[i];
      // What the machines ask depends on the build alone.
      const bool known = same_build && constraint.pool.has_value();
      row.fits.push_back(known ? rows_.back().fits[i] : check(problem, constraint, candidate));
    }
    rows_.push_back(std::move(row));
  }
}

bool Search::preferred(const Candidate& a, const Candidate& b, const std::optional<OldChoice>& old) const {
  const documents::ImageSpec& spec = *problem_.spec;
  const auto key = [&](const Candidate& candidate) {
    const BuildOption& option = problem_.option(candidate);
    const bool torch = old && option.release->version == old->torch;
    const bool variant = old && option.build->cuda_variant == old->cuda_variant;
    return std::tuple(torch, variant, option.torch, on_pypi(problem_, option), option.cuda);
  };
  const auto x = key(a), y = key(b);
  if (x != y) return x > y;
  const auto base = [&](const Candidate& candidate) {
    const std::string_view name = candidate.base->name;
    return std::pair(name == spec.base.value, distribution(name) == distribution(spec.base.value));
  };
  return base(a) > base(b);
}

int Search::doubt(const Row& row, const std::function<bool(std::size_t)>& counts) const {
  bool unknown = false;
  for (std::size_t i = 0; i < row.fits.size(); ++i) {
    if (row.fits[i] == Fit::kYes || !counts(i)) continue;
    if (row.fits[i] == Fit::kNo) return kExcluded;
    unknown = true;
  }
  if (unknown && !takes_doubtful_) return kExcluded;
  return unknown ? 1 : 0;
}

std::optional<Candidate> Search::best(const std::function<bool(std::size_t)>& counts,
                                      const std::function<int(const Candidate&)>& rank) const {
  std::optional<Candidate> found;
  std::pair<int, int> lowest{kExcluded, 0};
  for (const Row& row : rows_) {
    const int unsure = doubt(row, counts);
    if (unsure == kExcluded) continue;
    const std::pair<int, int> place{unsure, rank(row.candidate)};
    if (found && place >= lowest) continue;
    found = row.candidate;
    lowest = place;
  }
  return found;
}

std::optional<Candidate> Search::best(const std::function<bool(std::size_t)>& counts) const {
  return best(counts, [](const Candidate&) { return 0; });
}

std::optional<Candidate> Search::best() const {
  return best([](std::size_t) { return true; });
}

std::optional<Candidate> Search::doubtful() const {
  for (const Row& row : rows_) {
    if (std::find(row.fits.begin(), row.fits.end(), Fit::kNo) == row.fits.end()) return row.candidate;
  }
  return std::nullopt;
}

std::vector<Candidate> Search::all(const std::function<bool(std::size_t)>& counts) const {
  std::vector<Candidate> found;
  for (const Row& row : rows_) {
    if (doubt(row, counts) != kExcluded) found.push_back(row.candidate);
  }
  return found;
}

bool Search::solvable(const std::vector<bool>& counted) const {
  return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
    return doubt(row, [&](std::size_t i) { return counted[i]; }) != kExcluded;
  });
}

std::vector<std::size_t> Search::shrink(const std::vector<std::size_t>& order) const {
  std::vector<bool> counted(problem_.constraints.size(), true);
  for (const std::size_t i : order) {
    counted[i] = false;
    if (solvable(counted)) counted[i] = true;
  }
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < counted.size(); ++i) {
    if (counted[i]) kept.push_back(i);
  }
  return kept;
}

std::vector<std::size_t> Search::minimal_conflict() const {
  std::vector<std::size_t> order(problem_.constraints.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return told_last(problem_.constraints[a]) < told_last(problem_.constraints[b]);
  });
  std::vector<std::size_t> found = shrink(order);
  // Another order can leave a shorter story.
  std::reverse(order.begin(), order.end());
  std::vector<std::size_t> other = shrink(order);
  if (other.size() < found.size()) found = std::move(other);
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    return told_last(problem_.constraints[a]) > told_last(problem_.constraints[b]);
  });
  return found;
}

std::vector<std::vector<std::size_t>> Search::split_pools() const {
  using Pools = std::vector<bool>;
  const std::size_t count = problem_.spec->pools.size();
  std::vector<Pools> served;  // distinct sets of pools, most preferred candidate first
  for (const Row& row : rows_) {
    if (doubt(row, [&](std::size_t i) { return !problem_.constraints[i].pool; }) == kExcluded) continue;
    Pools pools(count, true);
    for (std::size_t i = 0; i < row.fits.size(); ++i) {
      if (row.fits[i] != Fit::kYes && (row.fits[i] == Fit::kNo || !takes_doubtful_) && problem_.constraints[i].pool)
        pools[*problem_.constraints[i].pool] = false;
    }
    const auto covers = [&](const Pools& other) {
      return std::equal(pools.begin(), pools.end(), other.begin(),
                        [](bool mine, bool theirs) { return !mine || theirs; });
    };
    if (std::none_of(served.begin(), served.end(), covers)) served.push_back(pools);
  }
  // Breadth first over how many images: the first cover found is a smallest one, of the most preferred builds.
  std::set<Pools> seen;
  std::vector<std::pair<Pools, std::vector<std::size_t>>> layer{{Pools(count, false), {}}};
  while (!layer.empty()) {
    std::vector<std::pair<Pools, std::vector<std::size_t>>> next;
    for (const auto& [done, images] : layer) {
      for (std::size_t i = 0; i < served.size(); ++i) {
        Pools more = done;
        for (std::size_t pool = 0; pool < count; ++pool) more[pool] = more[pool] || served[i][pool];
        if (!seen.insert(more).second) continue;
        std::vector<std::size_t> chosen = images;
        chosen.push_back(i);
        if (std::find(more.begin(), more.end(), false) != more.end()) {
          next.emplace_back(more, chosen);
          continue;
        }
        std::vector<std::vector<std::size_t>> groups;
        Pools left(count, true);
        for (const std::size_t image : chosen) {
          std::vector<std::size_t> group;
          for (std::size_t pool = 0; pool < count; ++pool) {
            if (left[pool] && served[image][pool]) group.push_back(pool);
            if (served[image][pool]) left[pool] = false;
          }
          if (!group.empty()) groups.push_back(group);
        }
        return groups;
      }
    }
    layer = std::move(next);
  }
  return {};
}

}  // namespace envforge::resolve
