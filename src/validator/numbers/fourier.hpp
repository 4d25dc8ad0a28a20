// What a discrete Fourier transform must give, element by element, from the seed alone. Used by the driver's
// recomputation and by the checks of cufft.
#pragma once

#include <cstdint>

#include <envforge/protocol/message.hpp>

#include "numbers/element.hpp"

namespace envforge::validator::numbers {

/// Batches of rows x columns points, one behind the other; rows 1 = one-dimensional. Complex values are pairs of real
/// ones; real input gives columns / 2 + 1 values of each row.
struct Fourier {
  std::uint64_t rows = 1, columns = 1, batch = 1;
  bool real = false;

  std::uint64_t points() const { return rows * columns; }
  std::uint64_t out_columns() const { return real ? columns / 2 + 1 : columns; }
  std::uint64_t inputs() const { return batch * points() * (real ? 1 : 2); }  // real numbers
  std::uint64_t outputs() const { return batch * rows * out_columns() * 2; }  // real numbers
  /// No factor in it but 1, -1, i and -i: exact on integers.
  bool exact() const { return (rows == 1 || rows == 2 || rows == 4) && (columns == 1 || columns == 2 || columns == 4); }
};
/// A problem of the kind "dft", or "dft-round-trip" (forward and inverse: points x the input).
Fourier fourier_of(const protocol::Problem& problem);
protocol::Problem problem_of(const Fourier& shape, const protocol::Operand& input, bool round_trip);

/// Real number `index` of the forward transform (even: real part).
double fourier_element(const Fourier& shape, U64 base, int amplitude, Type type, std::uint64_t index);

/// How far a real number of a right transform may be off. An error of a few u of the typical size comes in at each of
/// the log2(points) stages, in any direction: 8 u log2(points) x the typical size sqrt(points) x spread. 0 where all
/// is exact.
double fourier_bound(const Fourier& shape, int amplitude, Type type);
/// Of forward and inverse one after the other, where the typical size is points x spread.
double round_trip_bound(const Fourier& shape, int amplitude, Type type);

}  // namespace envforge::validator::numbers
