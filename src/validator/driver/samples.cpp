#include "driver/samples.hpp"

#include <cmath>
#include <cstdio>

#include <envforge/support/error.hpp>

#include "numbers/problem.hpp"
#include "numbers/spread.hpp"

namespace envforge::validator::driver {
namespace {

std::string text_of(double number) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.9g", number);
  return buffer;
}

}  // namespace

std::vector<std::uint64_t> pick_indices(std::uint64_t elements, std::uint64_t random) {
  return numbers::spread_indices(elements, kSampleSize, random);
}

std::string judge_samples(const protocol::Problem& problem, std::uint64_t seed,
                          const std::vector<std::uint64_t>& indices, const std::vector<std::uint64_t>& bits) {
  if (bits.size() != indices.size()) {
    return "asked for " + std::to_string(indices.size()) + " elements, got " + std::to_string(bits.size());
  }
  if (indices.empty()) return "the output has no elements";
  try {
    const numbers::Type type = numbers::type_from(problem.output_type);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const numbers::Truth truth = numbers::truth_of(problem, seed, indices[i]);
      const double value = numbers::decode(bits[i], type);
      if (!(std::fabs(value - truth.value) <= truth.bound)) {
        return "element " + std::to_string(indices[i]) + " is " + text_of(value) + ", the driver computes " +
               text_of(truth.value) + " (allowed difference " + text_of(truth.bound) + ")";
      }
    }
  } catch (const support::Error& error) {
    return error.message();
  }
  return "";
}

}  // namespace envforge::validator::driver
