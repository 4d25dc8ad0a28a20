#include <envforge/resolve/resolve.hpp>

#include <algorithm>

#include "answer.hpp"

namespace envforge::resolve {
namespace {

documents::ImageSpec with_pools(const documents::ImageSpec& spec, const std::vector<std::size_t>& pools) {
  documents::ImageSpec part = spec;
  part.pools.clear();
  for (const std::size_t pool : pools) part.pools.push_back(spec.pools[pool]);
  return part;
}

std::vector<SplitImage> find_split(const Problem& problem, const Search& search) {
  const documents::ImageSpec& spec = *problem.spec;
  if (spec.pools.size() < 2) return {};
  std::vector<SplitImage> images;
  for (const auto& pools : search.split_pools()) {
    const Outcome outcome = resolve_on(problem.offers, with_pools(spec, pools), std::nullopt);
    const auto* solution = std::get_if<Solution>(&outcome);
    if (solution == nullptr) return {};
    SplitImage image{{}, *solution};
    for (const std::size_t pool : pools) image.pools.push_back(spec.pools[pool].name);
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace

Outcome resolve(const documents::ImageSpec& spec, const compat::Knowledge& knowledge,
                const std::optional<OldChoice>& old) {
  return resolve_on(std::make_shared<Offers>(knowledge), spec, old);
}

Outcome resolve_on(const std::shared_ptr<Offers>& offers, const documents::ImageSpec& spec,
                   const std::optional<OldChoice>& old) {
  const Problem problem = make_problem(spec, offers);
  const Search search(problem, old);
  if (const auto candidate = search.best()) {
    if (!old) return make_solution(problem, search, *candidate, old);
    // The lock is the reason only where it changes the choice. Else locking twice would give other bytes than once.
    const Search afresh(problem, std::nullopt);
    const auto newest = afresh.best();
    const bool kept = !newest || newest->option != candidate->option || newest->base != candidate->base;
    return kept ? make_solution(problem, search, *candidate, old)
                : make_solution(problem, afresh, *newest, std::nullopt);
  }
  const std::vector<std::size_t> core = search.minimal_conflict();
  Conflict conflict;
  conflict.items = make_items(problem, search, core);
  conflict.hints = make_hints(problem, search);
  conflict.remedies = find_remedies(problem, search, core);
  conflict.split = find_split(problem, search);
  conflict.data_as_of = problem.knowledge->as_of();
  return conflict;
}

}  // namespace envforge::resolve
