// Ways out of a conflict: wishes are given up one at a time (two where one is not enough), the nearest version set that
// then fits says what to write instead, and the recipe with that change is solved again. Only what solves is offered.
#include <algorithm>
#include <set>

#include "answer.hpp"
#include "changes.hpp"
#include "distance.hpp"

namespace envforge::resolve {
namespace {

using documents::ImageSpec;

constexpr std::size_t kMostRemedies = 6;
// A package that envforge does not install and NVIDIA supports on some models only: after every other change.
constexpr int kForwardCost = 200;

bool is_of_pool(WishKind kind) {
  return kind == WishKind::kGpu || kind == WishKind::kDriver;
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
  RemedyFinder(const Problem& problem, const Search& search)
      : problem_(problem), search_(search), distances_(problem) {}

  /// The recipe without this wish, changed to what fits nearest; nothing if that does not solve it.
  std::optional<Proposal> give_up(std::size_t wish) const;
  /// The cheapest that is certain, else the cheapest, for which one more of the wishes is given up. `alone` are those
  /// that need no other.
  std::optional<Proposal> give_up_with_another(std::size_t wish, const std::vector<bool>& alone) const;
  /// The recipe without a pool of several GPUs.
  std::optional<Proposal> leave_out_pool(std::size_t pool) const;
  /// Forward compatibility for each pool for which that alone is enough, else for the fewest of all pools that can.
  std::vector<Proposal> allow_forward(const std::vector<std::size_t>& conflict) const;
  Remedy finish(const Proposal& proposal) const;

 private:
  int cost(const std::vector<std::size_t>& wishes, const Candidate& candidate) const;
  std::optional<Proposal> propose(const std::vector<std::size_t>& wishes, const Candidate& candidate) const;
  bool solves(Proposal& proposal) const;
  std::optional<Proposal> forward_for(const std::vector<std::size_t>& pools) const;

  const Problem& problem_;
  const Search& search_;
  const Distances distances_;
};

int RemedyFinder::cost(const std::vector<std::size_t>& wishes, const Candidate& candidate) const {
  int sum = distances_.of(candidate, wishes);
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
    if (!change_recipe(problem_, wish, candidate, proposal.spec, proposal.changes)) return std::nullopt;
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
  const auto candidate = search_.best(counts, [&](const Candidate& other) { return distances_.of(other, {wish}); });
  auto proposal = candidate ? propose({wish}, *candidate) : std::nullopt;
  return proposal && solves(*proposal) ? proposal : std::nullopt;
}

std::optional<Proposal> RemedyFinder::give_up_with_another(std::size_t wish, const std::vector<bool>& alone) const {
  const auto best = search_.best_with_each(wish, [&](const Candidate& candidate, std::size_t other) {
    return distances_.of(candidate, {wish, other});
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

std::optional<Proposal> RemedyFinder::leave_out_pool(std::size_t pool) const {
  const documents::Pool& left = problem_.spec->pools[pool];
  Proposal proposal{*problem_.spec, {}, static_cast<int>(left.gpus.size()) * cost_of(WishKind::kGpu)};
  const bool possible = leave_pool_out(problem_, left.name, proposal.spec, proposal.changes);
  return possible && solves(proposal) ? std::optional(proposal) : std::nullopt;
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
  // Two of its GPUs, or one and its driver, may each be too much.
  std::set<std::size_t> pools;
  for (const std::size_t wish : wishes) {
    if (is_of_pool(problem.wishes[wish].kind)) pools.insert(problem.wishes[wish].pool);
  }
  for (const std::size_t pool : pools) {
    const auto helps = [&](std::size_t wish) {
      return problem.wishes[wish].kind == WishKind::kGpu && problem.wishes[wish].pool == pool && alone[wish];
    };
    const auto goes = [&](const Change& change) {
      return change.key == "target" && change.from == problem.spec->pools[pool].name;
    };
    const auto offers_it = [&](const Proposal& p) { return std::any_of(p.changes.begin(), p.changes.end(), goes); };
    if (std::any_of(proposals.begin(), proposals.end(), offers_it) || std::any_of(wishes.begin(), wishes.end(), helps))
      continue;
    if (auto proposal = finder.leave_out_pool(pool)) proposals.push_back(std::move(*proposal));
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
