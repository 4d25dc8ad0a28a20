// How far what a candidate has is from what the recipe asks for.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "problem.hpp"

namespace envforge::resolve {

/// In steps between versions that the data knows, 0 the nearest: for torch minor releases, for a base releases of its
/// distribution, and then the others. Of what the data does not know, its neighbours are the nearest.
class Distances {
 public:
  explicit Distances(const Problem& problem);
  /// The sum over those of the wishes that are given up.
  int of(const Candidate& candidate, const std::vector<std::size_t>& wishes) const;

 private:
  const Problem& problem_;
  std::vector<int> torch_;                // of each build
  std::map<std::string_view, int> base_;  // of each base
};

}  // namespace envforge::resolve
