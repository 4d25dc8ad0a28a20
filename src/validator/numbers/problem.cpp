#include "numbers/problem.hpp"

#include <cmath>

#include <envforge/support/error.hpp>

#include "numbers/fourier.hpp"

namespace envforge::validator::numbers {
namespace {

using protocol::Operand;
using protocol::Problem;
using support::Error;
using support::ErrorCode;

std::int64_t size_of(const Problem& problem, const char* name) {
  const auto found = problem.sizes.find(name);
  if (found == problem.sizes.end() || found->second < 0) {
    throw Error(ErrorCode::kProtocol, "a " + problem.kind + " without its size '" + name + "'");
  }
  return found->second;
}

double value_of(const Operand& operand, std::uint64_t seed, std::uint64_t index) {
  return element_value(stream_base(seed, operand.stream), index, operand.amplitude, type_from(operand.type));
}

bool is_exact(const Problem& problem) {
  return problem.a.amplitude > 0 || is_integer(type_from(problem.a.type));
}

struct Sum {
  double value = 0;
  double terms = 0;
};

bool has_flag(const Problem& problem, const char* name) {
  const auto found = problem.sizes.find(name);
  return found != problem.sizes.end() && found->second != 0;
}

// Matrices row by row, those of a batch one behind the other; with "transposed_a" A lies as its transpose, k x m.
Sum gemm_element(const Problem& problem, std::uint64_t seed, std::uint64_t index) {
  const auto m = static_cast<std::uint64_t>(size_of(problem, "m"));
  const auto n = static_cast<std::uint64_t>(size_of(problem, "n"));
  const auto k = static_cast<std::uint64_t>(size_of(problem, "k"));
  if (m == 0 || n == 0) throw Error(ErrorCode::kProtocol, "a gemm without rows or columns");
  const bool turned_a = has_flag(problem, "transposed_a"), turned_b = has_flag(problem, "transposed_b");
  const std::uint64_t matrix = index / (m * n), i = index / n % m, j = index % n;
  Sum sum;
  for (std::uint64_t t = 0; t < k; ++t) {
    const std::uint64_t a = matrix * m * k + (turned_a ? t * m + i : i * k + t);
    const std::uint64_t b = matrix * k * n + (turned_b ? j * k + t : t * n + j);
    sum.value += value_of(problem.a, seed, a) * value_of(problem.b, seed, b);
  }
  sum.terms = static_cast<double>(k);
  return sum;
}

Sum convolution_element(const Problem& problem, std::uint64_t seed, std::uint64_t index) {
  const Convolution shape = convolution_of(problem);
  const auto at = static_cast<std::int64_t>(index);
  const std::int64_t out_k = at % shape.k;
  const std::int64_t q = at / shape.k % shape.out_w();
  const std::int64_t p = at / shape.k / shape.out_w() % shape.out_h();
  const std::int64_t n = at / shape.k / shape.out_w() / shape.out_h();
  Sum sum;
  for (std::int64_t r = 0; r < shape.r; ++r) {
    for (std::int64_t s = 0; s < shape.s; ++s) {
      const std::int64_t y = p * shape.stride + r - shape.pad;
      const std::int64_t x = q * shape.stride + s - shape.pad;
      if (y < 0 || x < 0 || y >= shape.h || x >= shape.w) continue;
      for (std::int64_t c = 0; c < shape.c; ++c) {
        const std::int64_t input = ((n * shape.h + y) * shape.w + x) * shape.c + c;
        const std::int64_t weight = ((out_k * shape.r + r) * shape.s + s) * shape.c + c;
        sum.value += value_of(problem.a, seed, static_cast<std::uint64_t>(input)) *
                     value_of(problem.b, seed, static_cast<std::uint64_t>(weight));
      }
    }
  }
  sum.terms = static_cast<double>(shape.c * shape.r * shape.s);
  return sum;
}

Sum collective_element_of(const Problem& problem, std::uint64_t seed, std::uint64_t index) {
  const std::int64_t terms = size_of(problem, "terms"), block = size_of(problem, "block");
  constexpr std::int64_t kMostRanks = 1 << 20;
  if (block == 0 || terms == 0 || terms > kMostRanks) throw Error(ErrorCode::kProtocol, "a collective of nothing");
  return {collective_element(seed, problem.a.stream, static_cast<int>(terms), static_cast<U64>(block),
                             static_cast<U64>(size_of(problem, "offset")), index, problem.a.amplitude,
                             type_from(problem.a.type)),
          static_cast<double>(terms)};
}

Stream stream_of(const Operand& operand, std::uint64_t seed) {
  return {stream_base(seed, operand.stream), operand.amplitude, type_from(operand.type)};
}

// 32-bit words, each of which became factor x word + term.
Sum changed_word(const Problem& problem, std::uint64_t seed, std::uint64_t index) {
  const auto word = static_cast<std::uint32_t>(value_of(problem.a, seed, index));
  const auto factor = static_cast<std::uint32_t>(size_of(problem, "factor"));
  return {static_cast<double>(factor * word + static_cast<std::uint32_t>(size_of(problem, "term"))), 1};
}

Sum sum_of(const Problem& problem, std::uint64_t seed, std::uint64_t index) {
  if (problem.kind == "gemm") return gemm_element(problem, seed, index);
  if (problem.kind == "conv2d") return convolution_element(problem, seed, index);
  if (problem.kind == "words") return changed_word(problem, seed, index);
  if (problem.kind == "collective") return collective_element_of(problem, seed, index);
  if (problem.kind == "copy") return {value_of(problem.a, seed, index), 1};
  if (problem.kind == "layer") {
    const Operation operation = operation_of(problem);
    const Stream a = stream_of(problem.a, seed);
    const Stream b = problem.b.type.empty() ? a : stream_of(problem.b, seed);
    return {operation_element(operation, a, b, index), terms_of(operation)};
  }
  if (problem.kind == "dft") {
    const std::uint64_t base = stream_base(seed, problem.a.stream);
    return {fourier_element(fourier_of(problem), base, problem.a.amplitude, type_from(problem.a.type), index), 1};
  }
  if (problem.kind == "dft-round-trip") {
    return {static_cast<double>(fourier_of(problem).points()) * value_of(problem.a, seed, index), 1};
  }
  throw Error(ErrorCode::kProtocol, "the driver cannot recompute a '" + problem.kind + "'");
}

}  // namespace

std::string to_string(Type type) {
  switch (type) {
    case Type::kFp64:
      return "fp64";
    case Type::kFp32:
      return "fp32";
    case Type::kFp16:
      return "fp16";
    case Type::kBf16:
      return "bf16";
    case Type::kU32:
      return "u32";
    case Type::kE4m3:
      return "fp8 e4m3";
    case Type::kE5m2:
      return "fp8 e5m2";
    case Type::kI8:
      return "i8";
    case Type::kU8:
      return "u8";
    case Type::kI32:
      return "i32";
    case Type::kI64:
      return "i64";
    case Type::kU64:
      return "u64";
    case Type::kTf32:
      return "tf32";
  }
  return "?";
}

Type type_from(const std::string& name) {
  for (const Type type : {Type::kFp64, Type::kFp32, Type::kFp16, Type::kBf16, Type::kU32, Type::kE4m3, Type::kE5m2,
                          Type::kI8, Type::kU8, Type::kI32, Type::kI64, Type::kU64, Type::kTf32}) {
    if (to_string(type) == name) return type;
  }
  throw Error(ErrorCode::kProtocol, "'" + name + "' is no element type");
}

Convolution convolution_of(const Problem& problem) {
  const Convolution shape{size_of(problem, "n"), size_of(problem, "h"),   size_of(problem, "w"),
                          size_of(problem, "c"), size_of(problem, "k"),   size_of(problem, "r"),
                          size_of(problem, "s"), size_of(problem, "pad"), size_of(problem, "stride")};
  if (shape.stride == 0 || shape.k == 0 || shape.out_h() <= 0 || shape.out_w() <= 0) {
    throw Error(ErrorCode::kProtocol, "a convolution without outputs");
  }
  return shape;
}

Operation operation_of(const Problem& problem) {
  constexpr std::int64_t kMost = 1 << 20;
  const auto size = [&](const std::string& name) {
    const std::int64_t value = size_of(problem, name.c_str());
    if (value > kMost) throw Error(ErrorCode::kProtocol, "a layer whose '" + name + "' is " + std::to_string(value));
    return static_cast<int>(value);
  };
  Operation o{};
  const int kind = size("kind");
  if (kind > static_cast<int>(OperationKind::kTanh)) throw Error(ErrorCode::kProtocol, "a layer of no known kind");
  o.kind = static_cast<OperationKind>(kind);
  o.n = size("n");
  o.c = size("c");
  o.k = size("k");
  o.groups = size("groups");
  o.channels_last = size("channels last");
  bool sound = o.groups > 0 && o.n > 0 && o.c > 0 && o.k > 0 && o.c % o.groups == 0 && o.k % o.groups == 0;
  for (int d = 0; d < 3; ++d) {
    const std::string number = std::to_string(d);
    o.in[d] = size("in " + number);
    o.window[d] = size("window " + number);
    o.pad[d] = size("pad " + number);
    o.stride[d] = size("stride " + number);
    sound = sound && o.stride[d] > 0 && o.window[d] > 0 && o.out(d) > 0;
  }
  if (!sound) throw Error(ErrorCode::kProtocol, "a layer without outputs");
  return o;
}

Problem problem_of(const Operation& o, const Operand& a, const Operand& b, Type output) {
  Problem problem{"layer", {}, a, b, to_string(output), elements_of(o)};
  problem.sizes = {{"kind", static_cast<int>(o.kind)}, {"n", o.n}, {"c", o.c}, {"k", o.k}, {"groups", o.groups},
                   {"channels last", o.channels_last}};
  for (int d = 0; d < 3; ++d) {
    const std::string number = std::to_string(d);
    problem.sizes["in " + number] = o.in[d];
    problem.sizes["window " + number] = o.window[d];
    problem.sizes["pad " + number] = o.pad[d];
    problem.sizes["stride " + number] = o.stride[d];
  }
  return problem;
}

std::uint64_t elements_of(const Operation& o) {
  switch (o.kind) {
    case OperationKind::kForward:
    case OperationKind::kMaxPool:
    case OperationKind::kAveragePool:
      return static_cast<std::uint64_t>(o.outputs());
    case OperationKind::kWeightGradient:
      return static_cast<std::uint64_t>(o.weights());
    default:
      return static_cast<std::uint64_t>(o.inputs());
  }
}

double terms_of(const Operation& o) {
  switch (o.kind) {
    case OperationKind::kForward:
      return static_cast<double>(o.c / o.groups) * o.taps();
    case OperationKind::kDataGradient:
      return static_cast<double>(o.k / o.groups) * o.taps();
    case OperationKind::kWeightGradient:
      return static_cast<double>(o.n * o.positions());
    default:
      return o.taps();
  }
}

Tolerance tolerance_of(const Operation& operation, const Operand& a, const Operand& b, Type output) {
  if (a.amplitude > 0 || operation.kind == OperationKind::kRelu || operation.kind == OperationKind::kMaxPool) return {};
  // Of the store into the output's type; a single-precision output has been rounded within the terms below.
  const double stored = output == Type::kFp32 ? 0 : std::ldexp(1.0, -(fraction_bits(output) + 1));
  switch (operation.kind) {
    case OperationKind::kBatchNormTraining:
    case OperationKind::kBatchNormInference: {
      constexpr double kRoundings = 64;
      return {stored + std::ldexp(kRoundings, -24), std::ldexp(kRoundings, -24)};
    }
    case OperationKind::kSigmoid:
    case OperationKind::kTanh:
      return {stored + std::ldexp(1.0, -10), 0};
    default:
      return {relative_bound(output), accumulation_bound(a, b, terms_of(operation), to_string(output))};
  }
}

// Half a unit in the last place. Tensor cores cut off instead of rounding at each of the k/16 steps of a sum, which
// moves the result by up to k/16 x 2^-23 of itself: at k = 8192 that is 0.12 of half a unit of fp16 and 0.015 of one of
// bf16. Measured on H200: one of 4 million elements of an 8192^3 product in fp16 was 6 % beyond half a unit and a
// rounded sum's error.
double relative_bound(Type output_type) {
  constexpr int kFp16Fraction = 10;
  const int fraction = fraction_bits(output_type);
  const double cut_off = fraction == kFp16Fraction ? 1.15 : fraction < kFp16Fraction ? 1.03 : 1.01;
  return cut_off * std::ldexp(1.0, -(fraction + 1));
}

double accumulation_bound(const Operand& a, const Operand& b, double terms, const std::string& output_type) {
  if (a.amplitude > 0 || is_integer(type_from(a.type))) return 0;
  const double spread = spread_of(a.amplitude) * spread_of(b.amplitude);
  // Tensor cores sum fp8 with 13 bits behind the leading one, cut off once for each 32 terms; the running sum is taken
  // as three times its spread.
  constexpr double kFp8Step = 32;
  if (a.type == "fp8 e4m3") return 3 * std::sqrt(terms) * spread * terms / kFp8Step * std::ldexp(1.0, -13);
  const double unit = std::ldexp(1.0, output_type == "fp64" ? -53 : -24);
  // Tensor cores cut off (see relative_bound) once for each 16 terms of 16 bits, for each 8 of tf32: twice as often.
  // Measured on H200 at 8192 terms of tf32: one of 4 million elements was 25 times terms x unit x spread off.
  const bool narrow = output_type == "fp16" || output_type == "bf16";
  const double factor = a.type == "tf32" ? 48 : narrow ? 24 : 4;
  return factor * terms * unit * spread;
}

Truth truth_of(const Problem& problem, std::uint64_t seed, std::uint64_t index) {
  const Sum sum = sum_of(problem, seed, index);
  Truth truth;
  truth.value = sum.value;
  if (problem.kind == "dft" || problem.kind == "dft-round-trip") {
    const auto bound = problem.kind == "dft" ? fourier_bound : round_trip_bound;
    truth.bound = bound(fourier_of(problem), problem.a.amplitude, type_from(problem.a.type));
    return truth;
  }
  if (problem.kind == "layer") {
    const Tolerance allowed = tolerance_of(operation_of(problem), problem.a, problem.b, type_from(problem.output_type));
    truth.bound = allowed.relative * std::fabs(sum.value) + allowed.absolute;
  } else if (!is_exact(problem) && problem.kind != "copy") {
    truth.bound = relative_bound(type_from(problem.output_type)) * std::fabs(sum.value) +
                  accumulation_bound(problem.a, problem.b, sum.terms, problem.output_type);
  }
  return truth;
}

}  // namespace envforge::validator::numbers
