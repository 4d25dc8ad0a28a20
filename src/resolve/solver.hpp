// The search. Every candidate is held against every constraint once; solving, relaxing, minimising a conflict and
// splitting pools are then questions to the table of what failed.
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

  /// The candidates, most preferred first, that satisfy every constraint for which `counts` is true.
  std::vector<Candidate> all(const std::function<bool(std::size_t)>& counts) const;

  /// Constraints that cannot hold together although any of them less can; only for a problem without solution.
  std::vector<std::size_t> minimal_conflict() const;

  /// The smallest list of candidates so that each pool is served by one; each with the pools that it is the first to
  /// serve. Empty if some pool is served by none.
  std::vector<std::vector<std::size_t>> split_pools() const;

 private:
  struct Row {
    Candidate candidate;
    std::vector<Fit> fits;  // one for each constraint
  };
  bool preferred(const Candidate& a, const Candidate& b, const std::optional<OldChoice>& old) const;
  int doubt(const Row& row, const std::function<bool(std::size_t)>& counts) const;
  bool solvable(const std::vector<bool>& counted) const;
  std::vector<std::size_t> shrink(const std::vector<std::size_t>& order) const;

  const Problem& problem_;
  std::vector<Row> rows_;  // most preferred first
  bool takes_doubtful_ = false;
};

}  // namespace envforge::resolve
