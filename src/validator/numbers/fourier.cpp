#include "numbers/fourier.hpp"

#include <cmath>

#include <envforge/support/error.hpp>

namespace envforge::validator::numbers {
namespace {

constexpr double kPi = 3.14159265358979323846;

std::uint64_t side(const protocol::Problem& problem, const char* name) {
  const auto found = problem.sizes.find(name);
  if (found == problem.sizes.end() || found->second < 1) {
    throw support::Error(support::ErrorCode::kProtocol, "a transform without its size '" + std::string(name) + "'");
  }
  return static_cast<std::uint64_t>(found->second);
}

double unit_of(Type type) {
  return std::ldexp(1.0, type == Type::kFp64 ? -53 : -24);
}

double stages_of(const Fourier& shape) {
  return std::log2(static_cast<double>(shape.points()));
}

}  // namespace

Fourier fourier_of(const protocol::Problem& problem) {
  return {side(problem, "rows"), side(problem, "columns"), side(problem, "batch"), side(problem, "parts") == 1};
}

protocol::Problem problem_of(const Fourier& shape, const protocol::Operand& input, bool round_trip) {
  const auto narrow = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  return {round_trip ? "dft-round-trip" : "dft",
          {{"rows", narrow(shape.rows)},
           {"columns", narrow(shape.columns)},
           {"batch", narrow(shape.batch)},
           {"parts", shape.real ? 1 : 2}},
          input,
          {},
          input.type,
          round_trip ? shape.inputs() : shape.outputs()};
}

double fourier_element(const Fourier& shape, U64 base, int amplitude, Type type, std::uint64_t index) {
  const std::uint64_t at = index / 2, column = at % shape.out_columns();
  const std::uint64_t row = at / shape.out_columns() % shape.rows;
  const std::uint64_t first = at / shape.out_columns() / shape.rows * shape.points();
  const auto value = [&](std::uint64_t i) { return element_value(base, i, amplitude, type); };
  double real = 0, imaginary = 0;
  for (std::uint64_t r = 0; r < shape.rows; ++r) {
    for (std::uint64_t c = 0; c < shape.columns; ++c) {
      const double turn = static_cast<double>(row * r % shape.rows) / static_cast<double>(shape.rows) +
                          static_cast<double>(column * c % shape.columns) / static_cast<double>(shape.columns);
      // Quarters of a turn exactly.
      const double quarters = std::fmod(4 * turn, 4);
      const bool straight = quarters == std::floor(quarters);
      const int quarter = static_cast<int>(quarters);
      const double cosine = straight ? (quarter == 0) - (quarter == 2) : std::cos(2 * kPi * turn);
      const double sine = straight ? (quarter == 1) - (quarter == 3) : std::sin(2 * kPi * turn);
      const std::uint64_t i = first + r * shape.columns + c;
      const double x = value(shape.real ? i : 2 * i), y = shape.real ? 0 : value(2 * i + 1);
      real += x * cosine + y * sine;
      imaginary += y * cosine - x * sine;
    }
  }
  return index % 2 == 0 ? real : imaginary;
}

double fourier_bound(const Fourier& shape, int amplitude, Type type) {
  if (amplitude > 0 && shape.exact()) return 0;
  const double points = static_cast<double>(shape.points());
  // What it is compared with is a plain sum in double, which rounds too: `points` times, at the size that the sum has.
  const double own = 4 * unit_of(Type::kFp64) * points * spread_of(amplitude);
  return 8 * unit_of(type) * stages_of(shape) * std::sqrt(points) * spread_of(amplitude) + own;
}

double round_trip_bound(const Fourier& shape, int amplitude, Type type) {
  if (amplitude > 0 && shape.exact()) return 0;
  return 16 * unit_of(type) * stages_of(shape) * static_cast<double>(shape.points()) * spread_of(amplitude);
}

}  // namespace envforge::validator::numbers
