// The truth about single elements of what a library computed, from the seed alone, in double precision on the CPU. The
// driver judges its samples with it; the groups' own references are tested against it. Knows no GPU.
#pragma once

#include <cstdint>
#include <string>

#include <envforge/protocol/message.hpp>

#include "numbers/element.hpp"
#include "numbers/operation.hpp"

namespace envforge::validator::numbers {

std::string to_string(Type type);
/// Throws Error{kProtocol} for a name that is no type.
Type type_from(const std::string& name);

/// The shape of an NHWC convolution with one stride and one padding for both directions, weights as K R S C.
struct Convolution {
  std::int64_t n, h, w, c, k, r, s, pad, stride;
  std::int64_t out_h() const { return (h + 2 * pad - r) / stride + 1; }
  std::int64_t out_w() const { return (w + 2 * pad - s) / stride + 1; }
  std::int64_t outputs() const { return n * out_h() * out_w() * k; }
};
Convolution convolution_of(const protocol::Problem& problem);

/// A layer as the driver is told of it, and back; throws Error{kProtocol} for one without outputs. Problem::kind is
/// "layer"; Problem::elements is the count of the output.
Operation operation_of(const protocol::Problem& problem);
protocol::Problem problem_of(const Operation& operation, const protocol::Operand& a, const protocol::Operand& b,
                             Type output);
/// How many elements the output of a layer has, and how many products or inputs each of them sums at most.
std::uint64_t elements_of(const Operation& operation);
double terms_of(const Operation& operation);
/// How far an element may be from its truth: relative * |truth| + absolute; both 0 for exact data. Convolutions as
/// below. Batch norm: single precision, 64 roundings of 2^-24 in statistics, root and scale. Sigmoid and tanh: 2^-10,
/// twice the largest relative error that PTX states for its coarsest instruction, tanh.approx.f32 (2^-11).
struct Tolerance {
  double relative = 0, absolute = 0;
};
Tolerance tolerance_of(const Operation& operation, const protocol::Operand& a, const protocol::Operand& b, Type output);

/// What element `index` of the output is, and how far a right library may be from it: `bound` is 0 for exact data. The
/// rule: half a unit in the last place of the output type, plus 4 terms u32 spread(a) spread(b) for an accumulation in
/// single precision in any order (terms u64 for double).
struct Truth {
  double value = 0;
  double bound = 0;
};
Truth truth_of(const protocol::Problem& problem, std::uint64_t seed, std::uint64_t index);

/// The part of the bound that does not depend on the element: 0 for exact data.
double accumulation_bound(const protocol::Operand& a, const protocol::Operand& b, double terms,
                          const std::string& output_type);
/// Half a unit in the last place, relative, with 1 % for the accumulation's own share.
double relative_bound(Type output_type);

}  // namespace envforge::validator::numbers
