// From the candidate that was found to the version set with its reasons, and from a conflict to its facts.
#pragma once

#include "problem.hpp"
#include "solver.hpp"

namespace envforge::resolve {

/// resolve() for one more recipe on the same data. No way out changes `kept`, a part as word_of() names it.
Outcome resolve_on(const std::shared_ptr<Offers>& offers, const documents::ImageSpec& spec,
                   const std::optional<OldChoice>& old, std::string_view kept = {});
Solution make_solution(const Problem& problem, const Search& search, const Candidate& candidate,
                       const std::optional<OldChoice>& old);
std::vector<Warning> make_warnings(const Problem& problem, const Candidate& candidate);
std::vector<ConflictItem> make_items(const Problem& problem, const Search& search,
                                     const std::vector<std::size_t>& conflict);
std::vector<std::string> make_hints(const Problem& problem, const Search& search,
                                    const std::vector<std::size_t>& conflict);
/// A pool whose machines run the candidate only, or perhaps, by forward compatibility.
struct ForwardUse {
  std::size_t pool = 0;
  const PoolGpu* gpu = nullptr;  // one that needs it
  bool certain = true;
  bool below_floor = false;  // else only PTX asks for it
};
/// At most one for each pool that allows it, the uncertain before the certain.
std::vector<ForwardUse> forward_uses(const Problem& problem, const Candidate& candidate);
std::vector<Remedy> find_remedies(const Problem& problem, const Search& search,
                                  const std::vector<std::size_t>& conflict, std::string_view kept);
/// Fills `split` and `unserved`.
void find_split(const Problem& problem, Conflict& conflict);

}  // namespace envforge::resolve
