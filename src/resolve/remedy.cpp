// Ways out of a conflict: wishes are given up one at a time (two where one is not enough), the nearest version set that
// then fits says what to write instead, and the recipe with that change is solved again. Only what solves is offered.
#include <algorithm>
#include <cstdlib>
#include <set>

#include <envforge/documents/source_package.hpp>
#include <envforge/support/text.hpp>

#include "answer.hpp"
#include "driver_choice.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using versions::Version;
using versions::VersionRange;

constexpr std::size_t kMostRemedies = 6;
// A package that envforge does not install and NVIDIA supports on some models only: after every other change.
constexpr int kForwardCost = 200;

// How much a user gives up with a wish of this kind.
int cost_of(WishKind kind) {
  switch (kind) {
    case WishKind::kCuda:
      return 10;
    case WishKind::kLibrary:
      return 15;
    case WishKind::kTorch:
      return 20;  // and one more for each release in between
    case WishKind::kCutoff:
      return 25;
    case WishKind::kBase:
      return 30;
    case WishKind::kPython:
      return 35;
    case WishKind::kPackage:
      return 40;
    case WishKind::kDriver:
      return 50;
    case WishKind::kInclude:
      return 55;
    case WishKind::kCapability:
    case WishKind::kVariant:
      return 60;
    case WishKind::kBuild:
      return 65;
    case WishKind::kPlatform:
      return 80;
    case WishKind::kGpu:
      return 90;
  }
  return 100;
}

bool is_of_pool(WishKind kind) {
  return kind == WishKind::kGpu || kind == WishKind::kDriver;
}

std::string pools_key(const documents::BuildWish& build) {
  return "packages.build." + documents::parse_source(build.source.value).name + ".pools";
}

// A changed recipe that fits by the table of what failed; to be solved again before it is offered.
struct Proposal {
  ImageSpec spec;
  std::vector<Change> changes;
  int cost = 0;
  bool doubtful = false;
};

class RemedyFinder {
 public:
  RemedyFinder(const Problem& problem, const Search& search) : problem_(problem), search_(search) {
    measure_distances();
  }

  /// The recipe without this wish, changed to what fits nearest; nothing if that does not solve it.
  std::optional<Proposal> give_up(std::size_t wish) const;
  /// The cheapest that is certain, else the cheapest, for which one more of the wishes is given up. `alone` are those
  /// that need no other.
  std::optional<Proposal> give_up_with_another(std::size_t wish, const std::vector<bool>& alone) const;
  /// Forward compatibility for each pool for which that alone is enough, else for the fewest of all pools that can.
  std::vector<Proposal> allow_forward(const std::vector<std::size_t>& conflict) const;
  Remedy finish(const Proposal& proposal) const;

 private:
  void measure_distances();
  int distance(const Candidate& candidate, const std::vector<std::size_t>& wishes) const;
  int cost(const std::vector<std::size_t>& wishes, const Candidate& candidate) const;
  std::optional<Proposal> propose(const std::vector<std::size_t>& wishes, const Candidate& candidate) const;
  bool solves(Proposal& proposal) const;
  std::optional<Proposal> forward_for(const std::vector<std::size_t>& pools) const;
  bool apply(ImageSpec& spec, const Wish& wish, const Candidate& candidate, std::vector<Change>& changes) const;
  bool leave_out(ImageSpec& spec, const Wish& wish, std::vector<Change>& changes) const;
  bool move_platform(ImageSpec& spec, const Wish& wish, std::vector<Change>& changes) const;
  void forget_pool(ImageSpec& spec, const std::string& name, std::vector<Change>& changes) const;
  void compile_nowhere(documents::BuildWish& build, std::vector<Change>& changes) const;

  const Problem& problem_;
  const Search& search_;
  std::vector<int> distances_;  // of each build from the torch that the recipe asks for, in minor releases
};

// A patch of the same minor is no distance. If the recipe asks for what the data does not know, the newest is nearest;
// of what is older than the data, the oldest.
void RemedyFinder::measure_distances() {
  std::vector<int> places, wanted;  // of the minor of each build, 0 the newest
  std::string last;
  for (const BuildOption& option : problem_.options()) {
    const std::string minor = std::to_string(option.torch.major()) + "." + std::to_string(option.torch.minor());
    places.push_back(places.empty() ? 0 : places.back() + (minor == last ? 0 : 1));
    last = minor;
    if (problem_.spec->torch.version.value.contains(option.torch)) wanted.push_back(places.back());
  }
  const bool before = !places.empty() && wanted.empty() &&
                      problem_.spec->torch.version.value.is_before(problem_.options().back().torch);
  for (const int own : places) {
    int nearest = before ? places.back() - own : own;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const int away = std::abs(wanted[i] - own);
      nearest = i == 0 ? away : std::min(nearest, away);
    }
    distances_.push_back(nearest);
  }
}

int RemedyFinder::distance(const Candidate& candidate, const std::vector<std::size_t>& wishes) const {
  const bool torch = std::any_of(wishes.begin(), wishes.end(),
                                 [&](std::size_t i) { return problem_.wishes[i].kind == WishKind::kTorch; });
  return torch ? distances_[candidate.option] : 0;
}

bool RemedyFinder::leave_out(ImageSpec& spec, const Wish& wish, std::vector<Change>& changes) const {
  const auto erase = [&](auto& list) {
    const auto item = std::find_if(list.begin(), list.end(), [&](const auto& entry) {
      return entry.value == wish.value && entry.where == wish.where;
    });
    if (item == list.end()) return false;
    list.erase(item);
    return true;
  };
  if (wish.kind == WishKind::kInclude) {
    changes.push_back({"torch.include", wish.value, "", wish.where});
    return erase(spec.torch.include);
  }
  if (wish.kind == WishKind::kLibrary) {
    changes.push_back({"torch." + wish.part->part, wish.value, "", wish.where});
    return std::erase_if(spec.torch.libraries, [&](const auto& library) { return library.name == wish.part->part; }) >
           0;
  }
  if (wish.kind == WishKind::kPackage) {
    changes.push_back({"packages", wish.value, "", wish.where});  // of its list, or of a file that it names
    return erase(spec.pip);
  }
  if (wish.kind == WishKind::kCapability) {
    changes.push_back({"capabilities", wish.value, "", wish.where});
    return erase(spec.capabilities);
  }
  const std::string& name = problem_.spec->pools[wish.pool].name;
  const auto pool = std::find_if(spec.pools.begin(), spec.pools.end(), [&](const auto& p) { return p.name == name; });
  changes.push_back({"target." + name + ".gpus", wish.value, "", wish.where});
  if (pool == spec.pools.end() || !erase(pool->gpus)) return false;
  if (!pool->gpus.empty()) return true;
  // Without GPUs there is no pool, and nothing else of it to change.
  std::erase_if(changes,
                [&](const Change& change) { return support::starts_with(change.key, "target." + name + "."); });
  changes.push_back({"target", name, "", pool->where});
  forget_pool(spec, name, changes);
  spec.pools.erase(pool);
  return !spec.pools.empty();
}

// Entries of packages.build may name a pool that goes.
void RemedyFinder::forget_pool(ImageSpec& spec, const std::string& name, std::vector<Change>& changes) const {
  for (auto& build : spec.build) {
    if (build.pools && std::erase(*build.pools, name) > 0)
      changes.push_back({pools_key(build), name, "", build.source.where});
  }
}

void RemedyFinder::compile_nowhere(documents::BuildWish& build, std::vector<Change>& changes) const {
  if (!documents::needs_machine_code(build)) return;
  const std::string before = build.pools ? "[" + support::join(*build.pools, ", ") + "]" : "";
  build.pools.emplace();
  changes.push_back({pools_key(build), before, "[]", build.source.where});
}

// Another platform in its place if it is the only one, else none.
bool RemedyFinder::move_platform(ImageSpec& spec, const Wish& wish, std::vector<Change>& changes) const {
  const bool alone = spec.platforms.size() == 1;
  const std::string other = wish.value == "linux/amd64" ? "linux/arm64" : "linux/amd64";
  // Nobody gets Arm CPUs for an image; but a GPU that comes with one was meant for it.
  const bool arm =
      std::any_of(problem_.gpus.begin(), problem_.gpus.end(), [](const PoolGpu& gpu) { return gpu.arm_host; });
  if (alone && other == "linux/arm64" && !arm) return false;
  changes.push_back({"platforms", wish.value, alone ? other : "", wish.where});
  const auto item = std::find(spec.platforms.begin(), spec.platforms.end(), wish.value);
  if (item == spec.platforms.end()) return false;
  if (alone) {
    *item = other;
  } else {
    spec.platforms.erase(item);
  }
  return true;
}

bool RemedyFinder::apply(ImageSpec& spec, const Wish& wish, const Candidate& candidate,
                         std::vector<Change>& changes) const {
  const BuildOption& option = problem_.option(candidate);
  const auto change = [&](std::string key, std::string to) {
    if (to.empty() || to == wish.value) return false;
    changes.push_back({std::move(key), wish.value, std::move(to), wish.where});
    return true;
  };
  switch (wish.kind) {
    case WishKind::kTorch:
      spec.torch.version.value = VersionRange::exactly(option.torch);
      return change("torch.version", option.torch.text());
    case WishKind::kCuda: {
      const bool variant = wish.value.find('.') == std::string::npos;
      spec.torch.cuda.value = std::string(variant ? option.build->cuda_variant : option.build->cuda);
      return change("torch.cuda", spec.torch.cuda.value);
    }
    case WishKind::kPython:
      spec.python.value = candidate.base->python;
      return change("python", spec.python.value);
    case WishKind::kBase:
      spec.base.value = candidate.base->name;
      return change("base", spec.base.value);
    case WishKind::kCutoff:
      spec.exclude_newer = option.release->date;
      return change("exclude_newer", spec.exclude_newer);
    case WishKind::kDriver: {
      const auto driver = driver_for(problem_, candidate, wish.pool);
      if (!driver) return false;
      spec.pools[wish.pool].driver->value = driver->version;
      return change("target." + spec.pools[wish.pool].name + ".driver", driver->text);
    }
    case WishKind::kPlatform:
      return move_platform(spec, wish, changes);
    case WishKind::kVariant:
      spec.variant.value = "runtime";
      return change("variant", spec.variant.value);
    case WishKind::kBuild:
      for (auto& build : spec.build) compile_nowhere(build, changes);
      return true;
    case WishKind::kInclude:
    case WishKind::kLibrary:
    case WishKind::kPackage:
    case WishKind::kCapability:
    case WishKind::kGpu:
      return leave_out(spec, wish, changes);
  }
  return false;
}

int RemedyFinder::cost(const std::vector<std::size_t>& wishes, const Candidate& candidate) const {
  int sum = distance(candidate, wishes);
  for (const std::size_t wish : wishes) sum += cost_of(problem_.wishes[wish].kind);
  return sum;
}

std::optional<Proposal> RemedyFinder::propose(const std::vector<std::size_t>& wishes,
                                              const Candidate& candidate) const {
  Proposal proposal{*problem_.spec, {}, cost(wishes, candidate)};
  // Removing entries moves those behind them: the pools whose driver changes come first.
  std::vector<std::size_t> order = wishes;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return cost_of(problem_.wishes[a].kind) < cost_of(problem_.wishes[b].kind);
  });
  for (const std::size_t i : order) {
    const Wish& wish = problem_.wishes[i];
    if (!apply(proposal.spec, wish, candidate, proposal.changes)) return std::nullopt;
  }
  return proposal;
}

// Also says whether the data is certain about it.
bool RemedyFinder::solves(Proposal& proposal) const {
  const Problem changed = make_problem(proposal.spec, problem_.offers);
  const Search search(changed, std::nullopt);
  const auto best = search.best();
  proposal.doubtful = best && search.against(*best);
  return best.has_value();
}

std::optional<Proposal> RemedyFinder::give_up(std::size_t wish) const {
  const auto counts = [&](std::size_t i) { return !search_.goes_with(i, wish); };
  const auto candidate = search_.best(counts, [&](const Candidate& other) { return distance(other, {wish}); });
  auto proposal = candidate ? propose({wish}, *candidate) : std::nullopt;
  return proposal && solves(*proposal) ? proposal : std::nullopt;
}

std::optional<Proposal> RemedyFinder::give_up_with_another(std::size_t wish, const std::vector<bool>& alone) const {
  const auto best = search_.best_with_each(wish, [&](const Candidate& candidate, std::size_t other) {
    return distance(candidate, {wish, other});
  });
  std::vector<std::pair<int, std::size_t>> cheapest_first;
  for (std::size_t other = 0; other < best.size(); ++other) {
    const bool of_one_pool = is_only_gpu(problem_, wish, problem_.wishes[other].pool) ||
                             is_only_gpu(problem_, other, problem_.wishes[wish].pool);
    const bool of_machines = is_of_pool(problem_.wishes[wish].kind) && is_of_pool(problem_.wishes[other].kind);
    if (of_one_pool && of_machines) continue;  // the pool goes with its only GPU
    if (other != wish && !alone[other] && best[other])
      cheapest_first.emplace_back(cost({wish, other}, *best[other]), other);
  }
  std::sort(cheapest_first.begin(), cheapest_first.end());
  std::optional<Proposal> doubtful;
  for (const auto& entry : cheapest_first) {
    auto proposal = propose({wish, entry.second}, *best[entry.second]);
    if (!proposal || !solves(*proposal)) continue;
    if (!proposal->doubtful) return proposal;
    if (!doubtful) doubtful = std::move(proposal);
  }
  return doubtful;
}

std::optional<Proposal> RemedyFinder::forward_for(const std::vector<std::size_t>& pools) const {
  Proposal proposal{*problem_.spec, {}, static_cast<int>(pools.size()) * kForwardCost};
  for (const std::size_t i : pools) {
    documents::Pool& pool = proposal.spec.pools[i];
    pool.forward_compat = true;
    proposal.changes.push_back({"target." + pool.name + ".forward_compat", "false", "true", pool.where});
  }
  return solves(proposal) ? std::optional(proposal) : std::nullopt;
}

std::vector<Proposal> RemedyFinder::allow_forward(const std::vector<std::size_t>& conflict) const {
  const auto can = [&](std::size_t pool) {
    return problem_.spec->pools[pool].driver && !problem_.spec->pools[pool].forward_compat &&
           std::any_of(problem_.gpus.begin(), problem_.gpus.end(),
                       [&](const PoolGpu& gpu) { return gpu.pool == pool && forward_class(gpu.match) != Fit::kNo; });
  };
  std::set<std::size_t> in_the_way;  // what is not in the conflict cannot help alone
  for (const std::size_t i : conflict) {
    const Constraint& constraint = problem_.constraints[i];
    const bool asks = constraint.kind == ConstraintKind::kDriverFloor || constraint.kind == ConstraintKind::kPtxDriver;
    if (asks && can(*constraint.pool)) in_the_way.insert(*constraint.pool);
  }
  std::vector<std::size_t> pools;
  for (std::size_t i = 0; !in_the_way.empty() && i < problem_.spec->pools.size(); ++i) {
    if (can(i)) pools.push_back(i);
  }
  std::optional<Proposal> fewest = pools.empty() ? std::nullopt : forward_for(pools);
  if (!fewest) return {};
  std::vector<Proposal> found;
  for (const std::size_t pool : in_the_way) {
    if (auto proposal = forward_for({pool})) found.push_back(std::move(*proposal));
  }
  if (!found.empty()) return found;
  for (std::size_t i = 0; i < pools.size();) {
    std::vector<std::size_t> less = pools;
    less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    if (auto proposal = forward_for(less)) {
      pools = std::move(less);
      fewest = std::move(proposal);
    } else {
      ++i;
    }
  }
  return {*fewest};
}

Remedy RemedyFinder::finish(const Proposal& proposal) const {
  const Problem changed = make_problem(proposal.spec, problem_.offers);
  const Search search(changed, std::nullopt);
  return {proposal.changes, make_solution(changed, search, search.best().value(), std::nullopt), proposal.cost};
}

}  // namespace

std::vector<Remedy> find_remedies(const Problem& problem, const Search& search,
                                  const std::vector<std::size_t>& conflict, std::string_view kept) {
  const RemedyFinder finder(problem, search);
  const auto stays = [&](std::size_t wish) { return word_of(problem.wishes[wish]) == kept; };
  std::set<std::size_t> wishes;
  for (const std::size_t i : conflict)
    wishes.insert(problem.constraints[i].wishes.begin(), problem.constraints[i].wishes.end());
  std::erase_if(wishes, stays);
  std::vector<Proposal> proposals;
  std::vector<bool> alone(problem.wishes.size(), false), offered = alone;
  for (std::size_t wish = 0; wish < alone.size(); ++wish) alone[wish] = stays(wish);  // and with no other one
  for (const std::size_t wish : wishes) {
    auto proposal = finder.give_up(wish);
    offered[wish] = proposal.has_value();
    alone[wish] = proposal && !proposal->doubtful;  // with another one it may become certain
    if (proposal) proposals.push_back(std::move(*proposal));
  }
  // A wish that cannot help alone may with another one.
  for (const std::size_t wish : wishes) {
    if (alone[wish]) continue;
    auto proposal = finder.give_up_with_another(wish, alone);
    if (proposal && !(proposal->doubtful && offered[wish])) proposals.push_back(std::move(*proposal));
  }
  for (Proposal& proposal : finder.allow_forward(conflict)) proposals.push_back(std::move(proposal));
  std::stable_sort(proposals.begin(), proposals.end(), [](const Proposal& a, const Proposal& b) {
    return std::pair(a.doubtful, a.cost) < std::pair(b.doubtful, b.cost);
  });
  std::vector<Remedy> remedies;
  for (const Proposal& proposal : proposals) {
    if (remedies.size() >= kMostRemedies && proposal.cost < kForwardCost) continue;
    Remedy remedy = finder.finish(proposal);
    // Two ways to the same version set at the same price are one.
    const bool pair = remedy.changes.size() > 1;
    const auto same = [&](const Remedy& r) { return r.cost == remedy.cost && r.solution == remedy.solution; };
    if (!pair || std::none_of(remedies.begin(), remedies.end(), same)) remedies.push_back(std::move(remedy));
  }
  return remedies;
}

}  // namespace envforge::resolve
