#include "solver.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <utility>

#include <envforge/support/text.hpp>

namespace envforge::resolve {
namespace {

constexpr int kExcluded = 2;

// Whether the base and what else the recipe asks for have no part in the answer, so that it can be kept for the build.
bool is_of_the_build_alone(const Problem& problem, const Constraint& constraint) {
  if (constraint.kind == ConstraintKind::kPart) {
    const PartWish& part = *problem.wishes[constraint.wishes[0]].part;
    return part.part != "triton" && !part.marker;
  }
  return constraint.pool.has_value();
}

// What is asked of a build alone, as a key: equal keys have equal answers.
std::string question_of(const Problem& problem, const Constraint& constraint) {
  if (constraint.kind == ConstraintKind::kPart) {
    const PartWish& part = *problem.wishes[constraint.wishes[0]].part;
    return "part|" + part.part + "|" + part.range.text() + "|" + part.package + "|" + part.variant + "|" +
           support::join(part.platforms, ",");
  }
  std::string key = std::to_string(static_cast<int>(constraint.kind)) + "|" + constraint.platform + "|";
  const bool of_gpu = constraint.kind != ConstraintKind::kDriverFloor && constraint.kind != ConstraintKind::kGpuHost;
  if (of_gpu) key += problem.gpus[constraint.gpu].match.cc;
  if (constraint.kind == ConstraintKind::kGpuCode || constraint.kind == ConstraintKind::kCompiledCode) return key;
  if (constraint.kind == ConstraintKind::kGpuHost) return key;
  key += "|" + problem.driver(constraint).text();
  if (problem.forward_compat(constraint))
    key += "|" + std::to_string(static_cast<int>(forward_class(problem.gpus[constraint.gpu].match)));
  if (constraint.kind == ConstraintKind::kPtxDriver) key += "|" + support::join(problem.spec->platforms, ",");
  return key;
}

bool asks_only_the_build(ConstraintKind kind) {
  return kind != ConstraintKind::kInclude && kind != ConstraintKind::kPython && kind != ConstraintKind::kBase &&
         kind != ConstraintKind::kCapability && kind != ConstraintKind::kCudaCompiler && kind != ConstraintKind::kPart;
}

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
    case ConstraintKind::kCudaCompiler:
      return 1;
    case ConstraintKind::kInclude:
    case ConstraintKind::kPart:
      return 2;
    case ConstraintKind::kPtxDriver:
    case ConstraintKind::kCompiledCode:
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
  for (const Constraint& constraint : problem.constraints) {
    wishes_.push_back(constraint.wishes);
    for (std::size_t i = 0; constraint.pool && i < problem.wishes.size(); ++i) {
      const bool known = std::find(constraint.wishes.begin(), constraint.wishes.end(), i) != constraint.wishes.end();
      if (!known && is_only_gpu(problem, i, *constraint.pool)) wishes_.back().push_back(i);
    }
  }
  std::vector<const std::vector<Fit>*> kept;  // nullptr: the build alone does not answer
  for (const Constraint& constraint : problem.constraints) {
    const auto ask = [&](std::size_t option) { return check(problem, constraint, {option, nullptr}); };
    const bool alone = is_of_the_build_alone(problem, constraint);
    kept.push_back(alone ? &problem.offers->answers(question_of(problem, constraint), ask) : nullptr);
  }
  std::vector<Fit> of_build(problem.constraints.size());
  std::optional<std::size_t> last;
  for (const Candidate& candidate : by_preference(old)) {
    Row row{candidate, {}, {}};
    for (std::size_t i = 0; i < problem.constraints.size(); ++i) {
      const Constraint& constraint = problem.constraints[i];
      const bool known = last == candidate.option && asks_only_the_build(constraint.kind);
      if (!known) of_build[i] = kept[i] ? (*kept[i])[candidate.option] : check(problem, constraint, candidate);
      if (of_build[i] == Fit::kNo) row.no.push_back(i);
      if (of_build[i] == Fit::kUnknown) row.unknown.push_back(i);
    }
    last = candidate.option;
    rows_.push_back(std::move(row));
  }
}

std::vector<Candidate> Search::by_preference(const std::optional<OldChoice>& old) const {
  const documents::ImageSpec& spec = *problem_.spec;
  using Key = std::array<int, 9>;
  std::vector<std::array<int, 5>> of_build;
  for (const BuildOption& option : problem_.options()) {
    const bool torch = old && option.release->version == old->torch;
    const bool variant = old && option.build->cuda_variant == old->cuda_variant;
    of_build.push_back({!torch, !variant, option.torch_age, -on_pypi(problem_, option), option.cuda_age});
  }
  std::vector<std::pair<Key, std::size_t>> order;
  for (std::size_t i = 0; i < problem_.candidates.size(); ++i) {
    const Candidate& candidate = problem_.candidates[i];
    const std::string_view name = candidate.base->name;
    const auto& build = of_build[candidate.option];
    order.push_back({{build[0], build[1], candidate.archive != nullptr, build[2], build[3], build[4],
                      name != spec.base.value, distribution(name) != distribution(spec.base.value),
                      candidate.archive == nullptr ? 0 : problem_.offers->age(*candidate.archive)},
                     i});
  }
  std::sort(order.begin(), order.end());
  std::vector<Candidate> candidates;
  for (const auto& entry : order) candidates.push_back(problem_.candidates[entry.second]);
  return candidates;
}

bool Search::goes_with(std::size_t constraint, std::size_t wish) const {
  return std::find(wishes_[constraint].begin(), wishes_[constraint].end(), wish) != wishes_[constraint].end();
}

template <class Counts>
int Search::doubt(const Row& row, Counts&& counts) const {
  if (std::any_of(row.no.begin(), row.no.end(), counts)) return kExcluded;
  const bool unknown = std::any_of(row.unknown.begin(), row.unknown.end(), counts);
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
    if (row.no.empty()) return row.candidate;
  }
  return std::nullopt;
}

std::optional<Candidate> Search::nearest(const std::function<bool(const Candidate&)>& meant) const {
  const Row* found = nullptr;
  const auto trouble = [](const Row& row) { return std::pair(row.no.size(), row.unknown.size()); };
  for (const Row& row : rows_) {
    if (meant(row.candidate) && (found == nullptr || trouble(row) < trouble(*found))) found = &row;
  }
  return found == nullptr ? std::nullopt : std::optional(found->candidate);
}

std::vector<Candidate> Search::all(const std::function<bool(std::size_t)>& counts) const {
  std::vector<Candidate> found;
  for (const Row& row : rows_) {
    if (doubt(row, counts) != kExcluded) found.push_back(row.candidate);
  }
  return found;
}

std::vector<std::optional<Candidate>> Search::best_with_each(
    std::size_t given, const std::function<int(const Candidate&, std::size_t)>& rank) const {
  const std::size_t count = problem_.wishes.size();
  std::vector<std::optional<Candidate>> found(count);
  std::vector<std::pair<int, int>> lowest(count, {kExcluded, 0});
  std::vector<std::size_t> helpers;  // the wishes that each constraint in the way of a row is about
  for (const Row& row : rows_) {
    bool free = true;  // nothing else is in the way
    helpers.clear();
    const auto narrow = [&](std::size_t constraint) {
      if (goes_with(constraint, given)) return true;
      if (std::exchange(free, false)) helpers = wishes_[constraint];
      std::erase_if(helpers, [&](std::size_t wish) { return !goes_with(constraint, wish); });
      return !helpers.empty();
    };
    if (!std::all_of(row.no.begin(), row.no.end(), narrow)) continue;
    if (!takes_doubtful_ && !std::all_of(row.unknown.begin(), row.unknown.end(), narrow)) continue;
    const auto offer = [&](std::size_t wish) {
      const bool unsure = std::any_of(row.unknown.begin(), row.unknown.end(),
                                      [&](std::size_t i) { return !goes_with(i, given) && !goes_with(i, wish); });
      const std::pair<int, int> place{unsure ? 1 : 0, rank(row.candidate, wish)};
      if (found[wish] && place >= lowest[wish]) return;
      found[wish] = row.candidate;
      lowest[wish] = place;
    };
    for (std::size_t wish = 0; free && wish < count; ++wish) offer(wish);
    std::for_each(helpers.begin(), helpers.end(), offer);
  }
  return found;
}

std::optional<std::size_t> Search::against(const Candidate& candidate) const {
  const auto row = std::find_if(rows_.begin(), rows_.end(), [&](const Row& other) {
    return other.candidate.option == candidate.option && other.candidate.base == candidate.base &&
           other.candidate.archive == candidate.archive;
  });
  if (row == rows_.end()) return std::nullopt;
  if (!row->no.empty()) return row->no.front();
  return row->unknown.empty() ? std::nullopt : std::optional(row->unknown.front());
}

bool Search::solvable(const std::vector<bool>& counted, bool certain) const {
  const auto counts = [&](std::size_t i) { return counted[i]; };
  return std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
    return certain ? std::none_of(row.no.begin(), row.no.end(), counts) : doubt(row, counts) != kExcluded;
  });
}

std::vector<std::size_t> Search::shrink(const std::vector<std::size_t>& order, bool certain) const {
  std::vector<bool> counted(problem_.constraints.size(), false);
  for (const std::size_t i : order) counted[i] = true;
  for (const std::size_t i : order) {
    counted[i] = false;
    if (solvable(counted, certain)) counted[i] = true;
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
  std::vector<std::size_t> found = shrink(order, false);
  // Another order can leave a shorter story.
  std::reverse(order.begin(), order.end());
  std::vector<std::size_t> other = shrink(order, false);
  if (other.size() < found.size()) found = std::move(other);
  // What is certain is told before what is not known, where it is as small.
  std::vector<bool> told(problem_.constraints.size(), false);
  for (const std::size_t i : found) told[i] = true;
  if (solvable(told, true) && !doubtful()) {
    std::reverse(order.begin(), order.end());
    std::set<std::size_t> unsure;
    for (const Row& row : rows_) unsure.insert(row.unknown.begin(), row.unknown.end());
    std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return unsure.count(i) > 0; });
    std::vector<std::size_t> surest = shrink(order, true);
    if (shrink(surest, false) == surest) found = std::move(surest);
  }
  std::stable_sort(found.begin(), found.end(), [&](std::size_t a, std::size_t b) {
    return told_last(problem_.constraints[a]) > told_last(problem_.constraints[b]);
  });
  return found;
}

std::vector<std::vector<bool>> Search::served_pools(bool doubtful) const {
  using Pools = std::vector<bool>;
  std::vector<Pools> served;
  const auto general = [&](std::size_t i) { return !problem_.constraints[i].pool; };
  for (const Row& row : rows_) {
    if (std::any_of(row.no.begin(), row.no.end(), general)) continue;
    if (!doubtful && std::any_of(row.unknown.begin(), row.unknown.end(), general)) continue;
    Pools pools(problem_.spec->pools.size(), true);
    const auto unserved = [&](std::size_t i) {
      if (const auto& pool = problem_.constraints[i].pool) pools[*pool] = false;
    };
    std::for_each(row.no.begin(), row.no.end(), unserved);
    if (!doubtful) std::for_each(row.unknown.begin(), row.unknown.end(), unserved);
    const auto covers = [&](const Pools& other) {
      return std::equal(pools.begin(), pools.end(), other.begin(),
                        [](bool mine, bool theirs) { return !mine || theirs; });
    };
    if (std::none_of(served.begin(), served.end(), covers)) served.push_back(pools);
  }
  return served;
}

}  // namespace envforge::resolve
