// One product on the device and the ways to judge it, for every check of this group.
#pragma once

#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "checks/cublas/session.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "numbers/spread.hpp"

namespace envforge::validator::cublas {

using harness::Context;
using numbers::Type;

inline std::uint64_t wide(int n) {
  return static_cast<std::uint64_t>(n);
}

/// Inputs made from the seed, the output full of NaN (of -1 where it holds integers): an element that is never written
/// is wrong.
struct Product {
  gpu::Gemm gemm;
  protocol::Problem problem;
  gpu::Source a_source, b_source;
  gpu::Buffer a, b, c;

  std::uint64_t elements() const { return problem.elements; }
  /// Element (i, t) of op(A), and of B seen by its columns: (j, t). `matrix` of a batch.
  gpu::Lines a_lines(int matrix = 0) const {
    const gpu::Source source = gpu::shifted(a_source, wide(matrix) * wide(gemm.m) * wide(gemm.k));
    return gemm.transposed_a ? gpu::Lines{source, 1, wide(gemm.m)} : gpu::Lines{source, wide(gemm.k), 1};
  }
  gpu::Lines b_lines(int matrix = 0) const {
    const gpu::Source source = gpu::shifted(b_source, wide(matrix) * wide(gemm.k) * wide(gemm.n));
    return gemm.transposed_b ? gpu::Lines{source, wide(gemm.k), 1} : gpu::Lines{source, 1, wide(gemm.n)};
  }
};

/// amplitude 0: bell-shaped data.
inline Product make_product(const Context& context, Session& session, const gpu::Gemm& gemm, int amplitude) {
  Product p;
  p.gemm = gemm;
  const std::string input = to_string(gemm.input);
  const std::uint64_t in_a = wide(gemm.batch) * wide(gemm.m) * wide(gemm.k);
  const std::uint64_t in_b = wide(gemm.batch) * wide(gemm.k) * wide(gemm.n);
  const std::uint64_t in_c = wide(gemm.batch) * wide(gemm.m) * wide(gemm.n);
  p.problem = {"gemm",
               {{"m", gemm.m},
                {"n", gemm.n},
                {"k", gemm.k},
                {"transposed_a", gemm.transposed_a ? 1 : 0},
                {"transposed_b", gemm.transposed_b ? 1 : 0}},
               {11, input, amplitude},
               {12, input, amplitude},
               to_string(gemm.output),
               in_c};
  p.a_source = gpu::source_of(p.problem.a, context.request().seed);
  p.b_source = gpu::source_of(p.problem.b, context.request().seed);
  p.a = gpu::Buffer(session.device(), in_a * wide(bytes_of(gemm.input)));
  p.b = gpu::Buffer(session.device(), in_b * wide(bytes_of(gemm.input)));
  p.c = gpu::Buffer(session.device(), in_c * wide(bytes_of(gemm.output)));
  session.kernels().fill(p.a, in_a, p.a_source);
  session.kernels().fill(p.b, in_b, p.b_source);
  p.c.clear(0xff);
  return p;
}

/// Changes element `at` of C by what `change` makes of its bits.
inline harness::Control plant(const Product& p, std::uint64_t at, double claimed, const std::string& what,
                              const std::function<std::uint64_t(std::uint64_t)>& change) {
  const int size = bytes_of(p.gemm.output);
  const std::uint64_t offset = at * wide(size);
  const std::uint64_t before = p.c.peek(offset, size);
  return {what, claimed, [&p, offset, size, before, change] { p.c.poke(offset, size, change(before)); },
          [&p, offset, size, before] { p.c.poke(offset, size, before); }};
}

/// Every bit of every element, against our own sums. Integers whose sums are exact in every order.
inline void judge_exactly(Context& context, const gpu::Kernels& kernels, const Product& p,
                          protocol::CheckResult& result) {
  const gpu::Gemm& g = p.gemm;
  const Type output = g.output;
  context.recompute(p.problem, gpu::elements_of(p.c, output));
  context.doing("comparing with our own sums");
  std::vector<gpu::Buffer> references;
  std::vector<std::uint64_t> rows(wide(g.m));
  std::iota(rows.begin(), rows.end(), 0);
  for (int i = 0; i < g.batch; ++i) {
    references.push_back(kernels.reference_lines(rows, wide(g.n), wide(g.k), p.a_lines(i), p.b_lines(i)));
  }
  const auto compare = [&] {
    harness::Comparison all;
    for (int i = 0; i < g.batch; ++i) {
      std::vector<std::uint64_t> lines(rows.size());
      std::iota(lines.begin(), lines.end(), wide(i) * wide(g.m));
      all = gpu::both(all, kernels.compare_lines(references[wide(i)], p.c, lines, wide(g.n), wide(g.n), 1, output, {}));
    }
    return all;
  };
  const auto bigger = [output](std::uint64_t bits) {
    const auto value = static_cast<long long>(numbers::decode(bits, output));
    return numbers::encode({value + 1, 0}, output);
  };
  harness::judge(result, compare,
                 plant(p, context.request().seed % p.elements(), 1,
                       "one element of C in " + to_string(g.input) + " changed by 1", bigger),
                 protocol::Layer::kImage);
}

/// One product of integers by `call`, every bit of it judged; false with a reason that begins with `call`.
inline bool multiply_exactly(Context& context, Session& session, const gpu::Gemm& gemm, int amplitude,
                             const std::string& call, protocol::CheckResult& result) {
  const Product p = make_product(context, session, gemm, amplitude);
  context.doing(call);
  session.cublas.gemm(gemm, p.a.pointer(), p.b.pointer(), p.c.pointer());
  session.device().synchronize();
  judge_exactly(context, session.kernels(), p, result);
  if (result.verdict == protocol::Verdict::kPass) return true;
  result.reason = call + ": " + result.reason;
  return false;
}

/// How near a library that is right came to the bound: how close the check is to an alarm.
inline void add_largest_error(const harness::Comparison& found, Type type, protocol::CheckResult& result) {
  if (found.wrong > 0) return;  // an element that was never written is no number
  result.measurements.push_back({"largest error " + to_string(type), found.worst, "of its bound", {}, "", {}});
}

/// Some full rows and columns, one in each 256th part of the output, element by element against sums in fp64.
inline void judge_sampled_lines(const Context& context, const gpu::Kernels& kernels, const Product& p,
                                protocol::CheckResult& result) {
  constexpr std::uint64_t kLines = 256;
  const std::uint64_t m = wide(p.gemm.m), n = wide(p.gemm.n), k = wide(p.gemm.k);
  const Type output = p.gemm.output;
  const auto rows = numbers::spread_indices(m, kLines, context.request().seed + 1);
  const auto columns = numbers::spread_indices(n, kLines, context.request().seed + 2);
  const gpu::Buffer row_sums = kernels.reference_lines(rows, n, k, p.a_lines(), p.b_lines());
  const gpu::Buffer column_sums = kernels.reference_lines(columns, m, k, p.b_lines(), p.a_lines());
  const bool exact = p.problem.a.amplitude > 0;
  const gpu::Bound bound{exact ? 0 : numbers::relative_bound(output),
                         numbers::accumulation_bound(p.problem.a, p.problem.b, p.gemm.k, p.problem.output_type)};
  const std::uint64_t victim = rows[context.request().seed % rows.size()] * n + columns[0];
  const auto moved = [output, bound, exact](std::uint64_t bits) -> std::uint64_t {
    const double value = numbers::decode(bits, output);
    if (exact) return numbers::encode({static_cast<long long>(value) + 1, 0}, output);
    return numbers::moved_by(bits, output, 3 * (bound.absolute + bound.relative * std::fabs(value)));
  };
  const auto found = harness::judge(
      result,
      [&] {
        return gpu::both(kernels.compare_lines(row_sums, p.c, rows, n, n, 1, output, bound),
                         kernels.compare_lines(column_sums, p.c, columns, m, 1, n, output, bound));
      },
      // In units of the element's own bound, for near zero the bound is that of the sum and not of the last place.
      plant(p, victim, 1,
            "one element of C in " + to_string(p.gemm.input) +
                (exact ? " changed by 1" : " moved by three times its bound"),
            moved),
      protocol::Layer::kImage);
  if (!exact) add_largest_error(found, p.gemm.input, result);
}

/// A square side for timing that fits into the share of memory that a check may use: a power of two.
inline int side_for(Session& session, Type input, Type output, int most) {
  int side = most;
  const int bytes = 2 * bytes_of(input) + 2 * bytes_of(output);
  while (side > 512 && static_cast<double>(bytes) * side * side > session.room()) side /= 2;
  return side;
}

}  // namespace envforge::validator::cublas
