// Several images in place of one. What is to be served are stops: a pool on a platform on which its GPUs can be. An
// image is a build for some of the platforms; the smallest list of images that calls at every stop is the answer.
#include <algorithm>
#include <set>

#include "answer.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;
using Stops = std::vector<bool>;  // of pool p on platform q: p * platforms + q

// One build on some platforms: where it calls.
struct Call {
  std::vector<std::size_t> platforms;
  Stops stops;
};

std::vector<std::string> names_of(const std::vector<std::string>& all, const std::vector<std::size_t>& some) {
  std::vector<std::string> names;
  for (const std::size_t i : some) names.push_back(all[i]);
  return names;
}

// Without those that call nowhere where one other does not: of two alike the first stays. Keeps the search small.
std::vector<std::size_t> undominated(const std::vector<Call>& calls, const Stops& wanted) {
  const auto within = [&](std::size_t a, std::size_t b) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i] && calls[a].stops[i] && !calls[b].stops[i]) return false;
    }
    return true;
  };
  std::vector<std::size_t> useful;
  for (std::size_t a = 0; a < calls.size(); ++a) {
    bool dominated = false;
    for (std::size_t b = 0; b < calls.size() && !dominated; ++b)
      dominated = a != b && within(a, b) && (b < a || !within(b, a));
    if (!dominated) useful.push_back(a);
  }
  return useful;
}

// The members of `calls`, the fewest that reach all of `wanted` together. Breadth first over how many: the first cover
// found is a smallest one, of the most preferred builds.
std::vector<std::size_t> smallest_cover(const std::vector<Call>& calls, const Stops& wanted) {
  const std::vector<std::size_t> useful = undominated(calls, wanted);
  std::set<Stops> seen;
  std::vector<std::pair<Stops, std::vector<std::size_t>>> layer{{Stops(wanted.size(), false), {}}};
  while (!layer.empty()) {
    std::vector<std::pair<Stops, std::vector<std::size_t>>> next;
    for (const auto& [done, chosen] : layer) {
      if (done == wanted) return chosen;
      for (const std::size_t i : useful) {
        Stops more = done;
        for (std::size_t stop = 0; stop < more.size(); ++stop)
          more[stop] = more[stop] || (wanted[stop] && calls[i].stops[stop]);
        if (!seen.insert(more).second) continue;
        next.emplace_back(more, chosen);
        next.back().second.push_back(i);
      }
    }
    layer = std::move(next);
  }
  return {};
}

class SplitFinder {
 public:
  explicit SplitFinder(const Problem& problem)
      : problem_(problem), spec_(*problem.spec), stops_(spec_.pools.size() * spec_.platforms.size(), false) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < spec_.platforms.size(); ++i) all.push_back(i);
    searched_.push_back(all);
    for (std::size_t i = 0; all.size() > 1 && i < all.size(); ++i) searched_.push_back({i});
  }

  void find(Conflict& conflict) {
    std::vector<Call> certain, doubtful;
    collect(certain, doubtful);
    serve(certain, conflict);
    serve(doubtful, conflict);
    for (std::size_t pool = 0; pool < spec_.pools.size(); ++pool) {
      if (!conflict.split.empty() && !is_served(pool)) conflict.unserved.push_back(why_unserved(pool));
    }
    if (conflict.split.size() > 1 || !is_told(conflict)) return;
    conflict.split.clear();
    conflict.unserved.clear();
  }

 private:
  std::size_t stop(std::size_t pool, std::size_t platform) const { return pool * spec_.platforms.size() + platform; }

  ImageSpec part(const std::vector<std::size_t>& pools, const std::vector<std::size_t>& platforms) const {
    ImageSpec part = spec_;
    part.pools.clear();
    for (const std::size_t pool : pools) part.pools.push_back(spec_.pools[pool]);
    part.platforms = names_of(spec_.platforms, platforms);
    return part;
  }

  void collect(std::vector<Call>& certain, std::vector<Call>& doubtful) const {
    std::vector<std::size_t> all_pools;
    for (std::size_t i = 0; i < spec_.pools.size(); ++i) all_pools.push_back(i);
    for (const auto& platforms : searched_) {
      const ImageSpec spec = part(all_pools, platforms);
      const Problem problem = make_problem(spec, problem_.offers);
      const Search search(problem, std::nullopt);
      for (const auto& served : search.served_pools(false)) certain.push_back(call_of(served, platforms));
      if (is_auto(spec_.torch.cuda.value)) continue;  // as for one image
      for (const auto& served : search.served_pools(true)) doubtful.push_back(call_of(served, platforms));
    }
    keep_possible(certain);
    keep_possible(doubtful);
  }

  Call call_of(const std::vector<bool>& served, const std::vector<std::size_t>& platforms) const {
    Call call{platforms, Stops(stops_.size(), false)};
    for (std::size_t pool = 0; pool < served.size(); ++pool) {
      for (const std::size_t platform : platforms) call.stops[stop(pool, platform)] = served[pool];
    }
    return call;
  }

  // A stop is where a build for that platform alone serves the pool: no V100 is asked for beside an Arm CPU.
  static void keep_possible(std::vector<Call>& calls) {
    if (calls.empty()) return;
    Stops possible(calls.front().stops.size(), false);
    for (const Call& call : calls) {
      for (std::size_t i = 0; call.platforms.size() == 1 && i < possible.size(); ++i)
        possible[i] = possible[i] || call.stops[i];
    }
    for (Call& call : calls) {
      for (std::size_t i = 0; i < possible.size(); ++i) call.stops[i] = call.stops[i] && possible[i];
    }
  }

  void serve(const std::vector<Call>& calls, Conflict& conflict) {
    Stops wanted(stops_.size(), false);
    for (const Call& call : calls) {
      for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = wanted[i] || (call.stops[i] && !stops_[i]);
    }
    for (const std::size_t chosen : smallest_cover(calls, wanted)) {
      std::set<std::size_t> pools, platforms;  // those of the stops that no image before calls at
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!wanted[i] || stops_[i] || !calls[chosen].stops[i]) continue;
        stops_[i] = true;
        pools.insert(i / spec_.platforms.size());
        platforms.insert(i % spec_.platforms.size());
      }
      if (!pools.empty()) add_image({pools.begin(), pools.end()}, {platforms.begin(), platforms.end()}, conflict);
    }
  }

  void add_image(const std::vector<std::size_t>& pools, const std::vector<std::size_t>& platforms,
                 Conflict& conflict) const {
    const Outcome outcome = resolve_on(problem_.offers, part(pools, platforms), std::nullopt);
    SplitImage image{{}, {}, std::get<Solution>(outcome)};
    for (const std::size_t pool : pools) image.pools.push_back(spec_.pools[pool].name);
    if (platforms.size() < spec_.platforms.size()) image.platforms = names_of(spec_.platforms, platforms);
    conflict.split.push_back(std::move(image));
  }

  bool is_served(std::size_t pool) const {
    for (std::size_t platform = 0; platform < spec_.platforms.size(); ++platform) {
      if (stops_[stop(pool, platform)]) return true;
    }
    return false;
  }

  // One image, of which a remedy says the same: for all pools on fewer platforms, or without those that none serves.
  static bool is_told(const Conflict& conflict) {
    return conflict.unserved.empty() ||
           std::any_of(conflict.remedies.begin(), conflict.remedies.end(), [&](const Remedy& remedy) {
             const auto pool = [](const Change& change) { return change.key == "target"; };
             return remedy.changes.size() == conflict.unserved.size() &&
                    std::all_of(remedy.changes.begin(), remedy.changes.end(), pool);
           });
  }

  UnservedPool why_unserved(std::size_t pool) const {
    const ImageSpec spec = part({pool}, searched_.front());
    const Problem problem = make_problem(spec, problem_.offers);
    const Search search(problem, std::nullopt);
    return {spec.pools.front().name, make_items(problem, search, search.minimal_conflict())};
  }

  const Problem& problem_;
  const ImageSpec& spec_;
  Stops stops_;                                     // at which an image calls
  std::vector<std::vector<std::size_t>> searched_;  // all platforms, then each alone
};

}  // namespace

void find_split(const Problem& problem, Conflict& conflict) {
  if (problem.spec->pools.size() * problem.spec->platforms.size() > 1) SplitFinder(problem).find(conflict);
}

}  // namespace envforge::resolve
