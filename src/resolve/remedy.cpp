// Ways out of a conflict: wishes are given up one at a time (two where one is not enough), the nearest version set that
// then fits says what to write instead, and the recipe with that change is solved again. Only what solves is offered.
#include <algorithm>
#include <cstdlib>
#include <set>

#include "answer.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using versions::Version;
using versions::VersionRange;

constexpr std::size_t kMostRemedies = 6;

// How much a user gives up with a wish of this kind.
int cost_of(WishKind kind) {
  switch (kind) {
    case WishKind::kCuda:
      return 10;
    case WishKind::kTorch:
      return 20;  // and one more for each release in between
    case WishKind::kCutoff:
      return 25;
    case WishKind::kBase:
      return 30;
    case WishKind::kPython:
      return 35;
    case WishKind::kDriver:
      return 50;
    case WishKind::kInclude:
      return 55;
    case WishKind::kCapability:
      return 60;
    case WishKind::kPlatform:
      return 80;
    case WishKind::kGpu:
      return 90;
  }
  return 100;
}

std::string minor_of(std::string_view version) {
  const Version parsed = Version::of(version);
  return std::to_string(parsed.major()) + "." + std::to_string(parsed.minor());
}

std::string newer_of(const std::string& a, const std::string& b) {
  return Version::of(a) < Version::of(b) ? b : a;
}

class RemedyFinder {
 public:
  RemedyFinder(const Problem& problem, const Search& search) : problem_(problem), search_(search) {}

  /// The recipe without these wishes, changed to what fits nearest and solved; nothing if that does not solve it.
  std::optional<Remedy> give_up(const std::vector<std::size_t>& wishes) const;

 private:
  int distance(const Candidate& candidate, const std::vector<std::size_t>& wishes) const;
  std::string driver_for(const Candidate& candidate, std::size_t pool) const;
  bool apply(ImageSpec& spec, const Wish& wish, const Candidate& candidate, std::vector<Change>& changes) const;
  bool leave_out(ImageSpec& spec, const Wish& wish, std::vector<Change>& changes) const;
  bool move_platform(ImageSpec& spec, const Wish& wish, std::vector<Change>& changes) const;

  const Problem& problem_;
  const Search& search_;
};

// How many minor releases lie between a candidate and those that the recipe asks for.
int RemedyFinder::distance(const Candidate& candidate, const std::vector<std::size_t>& wishes) const {
  const bool torch = std::any_of(wishes.begin(), wishes.end(),
                                 [&](std::size_t i) { return problem_.wishes[i].kind == WishKind::kTorch; });
  if (!torch) return 0;
  std::vector<std::string> minors;  // newest first: a patch of the same minor is no distance
  for (const auto& release : problem_.knowledge->tables().releases) {
    if (const std::string minor = minor_of(release.version); minors.empty() || minors.back() != minor)
      minors.push_back(minor);
  }
  const auto place = [&](std::string_view version) {
    return static_cast<int>(std::find(minors.begin(), minors.end(), minor_of(version)) - minors.begin());
  };
  const int own = place(problem_.option(candidate).release->version);
  std::optional<int> nearest;
  for (const auto& release : problem_.knowledge->tables().releases) {
    if (!problem_.spec->torch.version.value.contains(Version::of(release.version))) continue;
    const int away = std::abs(place(release.version) - own);
    nearest = nearest ? std::min(*nearest, away) : away;
  }
  return nearest.value_or(own);  // asked for what the data does not know: the newest is nearest
}

// The lowest driver of a pool that runs the candidate; "" if the data does not say.
std::string RemedyFinder::driver_for(const Candidate& candidate, std::size_t pool) const {
  const BuildOption& option = problem_.option(candidate);
  const auto* major = problem_.knowledge->cuda_major(option.cuda);
  std::string driver(major != nullptr ? major->driver_floor : std::string_view());
  for (const Constraint& constraint : problem_.constraints) {
    if (constraint.pool != pool || constraint.kind != ConstraintKind::kPtxDriver) continue;
    if (check(problem_, constraint, candidate) == Fit::kYes) continue;
    std::string needed;
    for (const auto& branch : problem_.knowledge->tables().branches) {  // newest first
      if (Version::of(branch.max_cuda) >= option.cuda) needed = std::string(branch.branch.substr(1)) + ".0";
    }
    if (needed.empty()) return "";
    driver = driver.empty() ? needed : newer_of(driver, needed);
  }
  for (const Constraint& constraint : problem_.constraints) {
    if (constraint.pool != pool || constraint.kind != ConstraintKind::kGpuDriver) continue;
    const std::string_view last = problem_.gpus[constraint.gpu].match.architecture->last_driver_branch;
    const bool too_new = !last.empty() && problem_.driver(constraint).major() > Version::of(last.substr(1)).major();
    if (too_new) driver = newer_of(driver.empty() ? "0" : driver, std::string(last.substr(1)) + ".0");
  }
  return driver;
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
  if (wish.kind == WishKind::kCapability) {
    changes.push_back({"capabilities", wish.value, "", wish.where});
    return erase(spec.capabilities);
  }
  const std::string& name = problem_.spec->pools[wish.pool].name;
  const auto pool = std::find_if(spec.pools.begin(), spec.pools.end(), [&](const auto& p) { return p.name == name; });
  changes.push_back({"target." + name + ".gpus", wish.value, "", wish.where});
  if (pool == spec.pools.end() || !erase(pool->gpus)) return false;
  if (pool->gpus.empty()) spec.pools.erase(pool);
  return !spec.pools.empty();
}

// Another platform in its place if it is the only one, else none.
bool RemedyFinder::move_platform(ImageSpec& spec, const Wish& wish, std::vector<Change>& changes) const {
  const bool alone = spec.platforms.size() == 1;
  // Nobody changes the CPUs of a site; but a GPU that comes with an Arm CPU was meant for it.
  const bool arm =
      std::any_of(problem_.gpus.begin(), problem_.gpus.end(), [](const PoolGpu& gpu) { return gpu.arm_host; });
  if (alone && !arm) return false;
  const std::string other = wish.value == "linux/amd64" ? "linux/arm64" : "linux/amd64";
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
      const std::string driver = driver_for(candidate, wish.pool);
      if (driver.empty()) return false;
      spec.pools[wish.pool].driver->value = Version::of(driver);
      return change("target." + spec.pools[wish.pool].name + ".driver", driver);
    }
    case WishKind::kPlatform:
      return move_platform(spec, wish, changes);
    case WishKind::kInclude:
    case WishKind::kCapability:
    case WishKind::kGpu:
      return leave_out(spec, wish, changes);
  }
  return false;
}

std::optional<Remedy> RemedyFinder::give_up(const std::vector<std::size_t>& wishes) const {
  const auto counts = [&](std::size_t i) {
    const auto& about = problem_.constraints[i].wishes;
    return std::none_of(about.begin(), about.end(), [&](std::size_t wish) {
      return std::find(wishes.begin(), wishes.end(), wish) != wishes.end();
    });
  };
  const auto candidate = search_.best(counts, [&](const Candidate& other) { return distance(other, wishes); });
  if (!candidate) return std::nullopt;
  ImageSpec spec = *problem_.spec;
  Remedy remedy;
  // Removing entries moves those behind them: the pools whose driver changes come first.
  std::vector<std::size_t> order = wishes;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return cost_of(problem_.wishes[a].kind) < cost_of(problem_.wishes[b].kind);
  });
  for (const std::size_t i : order) {
    const Wish& wish = problem_.wishes[i];
    if (!apply(spec, wish, *candidate, remedy.changes)) return std::nullopt;
    remedy.cost += cost_of(wish.kind);
  }
  remedy.cost += distance(*candidate, wishes);
  const Problem changed = make_problem(spec, *problem_.knowledge);
  const Search search(changed, std::nullopt);
  const auto solved = search.best();
  if (!solved) return std::nullopt;
  remedy.solution = make_solution(changed, search, *solved, std::nullopt);
  return remedy;
}

void keep_cheapest(std::vector<Remedy>& remedies) {
  std::stable_sort(remedies.begin(), remedies.end(), [](const Remedy& a, const Remedy& b) { return a.cost < b.cost; });
  if (remedies.size() > kMostRemedies) remedies.resize(kMostRemedies);
}

}  // namespace

std::vector<Remedy> find_remedies(const Problem& problem, const Search& search,
                                  const std::vector<std::size_t>& conflict) {
  const RemedyFinder finder(problem, search);
  std::set<std::size_t> wishes;
  for (const std::size_t i : conflict)
    wishes.insert(problem.constraints[i].wishes.begin(), problem.constraints[i].wishes.end());
  std::vector<Remedy> remedies;
  std::vector<std::size_t> stuck;
  for (const std::size_t wish : wishes) {
    if (auto remedy = finder.give_up({wish})) {
      remedies.push_back(std::move(*remedy));
    } else {
      stuck.push_back(wish);
    }
  }
  // A wish that cannot help alone may with another one.
  for (const std::size_t wish : stuck) {
    std::optional<Remedy> cheapest;
    for (std::size_t other = 0; other < problem.wishes.size(); ++other) {
      const bool solves_alone = wishes.contains(other) && std::find(stuck.begin(), stuck.end(), other) == stuck.end();
      if (other == wish || solves_alone) continue;
      auto remedy = finder.give_up({wish, other});
      if (remedy && (!cheapest || remedy->cost < cheapest->cost)) cheapest = std::move(remedy);
    }
    const auto same = [&](const Remedy& r) { return r.cost == cheapest->cost && r.solution == cheapest->solution; };
    if (cheapest && std::none_of(remedies.begin(), remedies.end(), same)) remedies.push_back(std::move(*cheapest));
  }
  keep_cheapest(remedies);
  return remedies;
}

}  // namespace envforge::resolve
