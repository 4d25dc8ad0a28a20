// The search. Every candidate is held against every constraint once and keeps those that it fails; solving, relaxing,
// minimising a conflict and splitting pools are then questions to these short lists.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <envforge/resolve/resolve.hpp>

#include "problem.hpp"
#include "rules.hpp"

namespace envforge::resolve {

class Search {
 public:
  /// `problem` must outlive the search.
  Search(const Problem& problem, const std::optional<OldChoice>& old);

  /// The most preferred candidate that satisfies every constraint for which `counts` is true. Candidates of which
  /// nobody can say whether they satisfy them come last.
  std::optional<Candidate> best(const std::function<bool(std::size_t)>& counts) const;
  /// The same with another order: the first by `rank` (lowest), then by preference.
  std::optional<Candidate> best(const std::function<bool(std::size_t)>& counts,
                                const std::function<int(const Candidate&)>& rank) const;
  std::optional<Candidate> best() const;
  /// A candidate that satisfies everything if what is not known about it turns out well.
  std::optional<Candidate> doubtful() const;

  /// Of the candidates that are meant the one that fails the fewest constraints, the most preferred of those.
  std::optional<Candidate> nearest(const std::function<bool(const Candidate&)>& meant) const;

  /// The candidates, most preferred first, that satisfy every constraint for which `counts` is true.
  std::vector<Candidate> all(const std::function<bool(std::size_t)>& counts) const;

  /// For each wish the most preferred candidate, by `rank` (lowest) first, that fits once that wish and `given` are
  /// given up. `rank` is asked with the wish.
  std::vector<std::optional<Candidate>> best_with_each(
      std::size_t given, const std::function<int(const Candidate&, std::size_t)>& rank) const;

  /// Whether the constraint goes with the wish: it is about it, or about the pool whose only GPU the wish is.
  bool goes_with(std::size_t constraint, std::size_t wish) const;
  /// The first constraint that stands against a candidate: one that fails before one that is not known.
  std::optional<std::size_t> against(const Candidate& candidate) const;

  /// Constraints that cannot hold together although any of them less can; only for a problem without solution.
  std::vector<std::size_t> minimal_conflict() const;

  /// The sets of pools that a candidate serves, most preferred candidate first, without those that an earlier one has.
  /// `doubtful`: also those of which nobody can say.
  std::vector<std::vector<bool>> served_pools(bool doubtful) const;

 private:
  struct Row {
    Candidate candidate;
    std::vector<std::size_t> no, unknown;  // the constraints that it fails, and those of which nobody can say
  };
  std::vector<Candidate> by_preference(const std::optional<OldChoice>& old) const;
  template <class Counts>
  int doubt(const Row& row, Counts&& counts) const;
  // `certain`: if all that is not known turned out well.
  bool solvable(const std::vector<bool>& counted, bool certain) const;
  // The constraints of `order` without those that can be left out, the first of them before the others.
  std::vector<std::size_t> shrink(const std::vector<std::size_t>& order, bool certain) const;

  const Problem& problem_;
  std::vector<std::vector<std::size_t>> wishes_;  // that each constraint goes with
  std::vector<Row> rows_;                         // most preferred first
  bool takes_doubtful_ = false;
};

}  // namespace envforge::resolve
