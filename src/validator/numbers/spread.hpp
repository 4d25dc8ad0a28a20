// Indices that nobody can know before and that leave no region out. Used by the driver for its samples and by the
// checks for the rows and columns they compare.
#pragma once

#include <cstdint>
#include <vector>

#include "numbers/element.hpp"

namespace envforge::validator::numbers {

/// One index out of each of `wanted` equal parts of [0, total); all of them when there are not more.
inline std::vector<std::uint64_t> spread_indices(std::uint64_t total, std::uint64_t wanted, std::uint64_t random) {
  std::vector<std::uint64_t> out;
  const U64 base = stream_base(random, 0);
  const std::uint64_t parts = total < wanted ? total : wanted;
  for (std::uint64_t i = 0; i < parts; ++i) {
    const std::uint64_t from = total / parts * i;
    const std::uint64_t width = i + 1 == parts ? total - from : total / parts;
    out.push_back(from + bits_at(base, i) % width);
  }
  return out;
}

}  // namespace envforge::validator::numbers
