#include <envforge/resolve/resolve.hpp>

#include "answer.hpp"

namespace envforge::resolve {
Outcome resolve(const documents::ImageSpec& spec, const compat::Knowledge& knowledge,
                const std::vector<documents::PythonArchive>& pythons, const std::optional<OldChoice>& old) {
  return resolve_on(std::make_shared<Offers>(knowledge, pythons), spec, old);
}

Outcome resolve_on(const std::shared_ptr<Offers>& offers, const documents::ImageSpec& spec,
                   const std::optional<OldChoice>& old, std::string_view kept) {
  const Problem problem = make_problem(spec, offers);
  const Search search(problem, old);
  if (const auto candidate = search.best()) {
    if (!old) return make_solution(problem, search, *candidate, old);
    // The lock is the reason only where it changes the choice. Else locking twice would give other bytes than once.
    const Search afresh(problem, std::nullopt);
    const auto newest = afresh.best();
    const bool by_lock = !newest || newest->option != candidate->option || newest->base != candidate->base ||
                         newest->archive != candidate->archive;
    return by_lock ? make_solution(problem, search, *candidate, old)
                   : make_solution(problem, afresh, *newest, std::nullopt);
  }
  const std::vector<std::size_t> core = search.minimal_conflict();
  Conflict conflict;
  conflict.items = make_items(problem, search, core);
  conflict.hints = make_hints(problem, search, core);
  conflict.remedies = find_remedies(problem, search, core, kept);
  find_split(problem, conflict);
  conflict.data_as_of = problem.knowledge->as_of();
  return conflict;
}

}  // namespace envforge::resolve
