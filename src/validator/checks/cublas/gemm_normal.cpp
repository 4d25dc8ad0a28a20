// Proves: the very outputs that were timed are right on bell-shaped data in bf16, fp16, fp32 and fp64, and no type
//   runs below half of what the multiprocessors can do at the observed clock.
// Control: one element of the timed product is moved by three times its bound on the device, in each type.
// Suite: quick
//
// fp32 and fp64: Freivalds, with a tolerance that follows from the rounding of a sum. 16-bit outputs, whose rounding
// would hide a fault from Freivalds: an fp64 reference over full rows and full columns, one in each 256th part of the
// output, element by element.
#include "checks/cublas/session.hpp"

#include <cmath>
#include <cstring>

#include "gpu/speed.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "numbers/spread.hpp"

namespace envforge::validator::cublas {
namespace {

using harness::Comparison;
using harness::Context;
using harness::Control;
using numbers::Type;

// Below this share of the model something is wrong that no choice of kernel explains. Measured on H200: 0.76 to 0.94.
constexpr double kLowestFraction = 0.5;
constexpr std::uint64_t kLines = 256;
constexpr int kVectors = 3;

/// One product on the device.
struct Product {
  int n = 0;  // of square matrices
  Type type = Type::kFp32;
  protocol::Problem problem;
  gpu::Source a_source, b_source;
  gpu::Buffer a, b, c;
  std::uint64_t elements() const { return static_cast<std::uint64_t>(n) * static_cast<std::uint64_t>(n); }
};

int side_for(const Context& context, const gpu::Device& device, Type type) {
  int side = bytes_of(type) == 2 ? 8192 : 4096;
  const double room = static_cast<double>(device.free_bytes()) * context.request().memory_fraction;
  while (side > 512 && 4.0 * side * side * bytes_of(type) > room) side /= 2;
  return side;
}

Product make_product(const Context& context, Session& session, Type type) {
  Product p;
  p.type = type;
  p.n = side_for(context, session.device(), type);
  const std::string name = to_string(type);
  p.problem = {"gemm", {{"m", p.n}, {"n", p.n}, {"k", p.n}}, {11, name, 0}, {12, name, 0}, name, p.elements()};
  p.a_source = gpu::source_of(p.problem.a, context.request().seed);
  p.b_source = gpu::source_of(p.problem.b, context.request().seed);
  const std::size_t bytes = p.elements() * static_cast<std::size_t>(bytes_of(type));
  p.a = gpu::Buffer(session.device(), bytes);
  p.b = gpu::Buffer(session.device(), bytes);
  p.c = gpu::Buffer(session.device(), bytes);
  session.kernels().fill(p.a, p.elements(), p.a_source);
  session.kernels().fill(p.b, p.elements(), p.b_source);
  p.c.clear(0xff);
  return p;
}

// Changes element `at` of C by what `change` makes of its bits.
Control plant(const Product& p, std::uint64_t at, double claimed, const std::string& what,
              const std::function<std::uint64_t(std::uint64_t)>& change) {
  const int size = bytes_of(p.type);
  const std::uint64_t offset = at * static_cast<std::uint64_t>(size);
  const std::uint64_t before = p.c.peek(offset, size);
  return {what, claimed, [&p, offset, size, before, change] { p.c.poke(offset, size, change(before)); },
          [&p, offset, size, before] { p.c.poke(offset, size, before); }};
}

void judge_sampled_lines(const Context& context, const gpu::Kernels& kernels, const Product& p,
                         protocol::CheckResult& result) {
  const auto n = static_cast<std::uint64_t>(p.n);
  const auto rows = numbers::spread_indices(n, kLines, context.request().seed + 1);
  const auto columns = numbers::spread_indices(n, kLines, context.request().seed + 2);
  const gpu::Lines a_rows{p.a_source, n, 1}, a_terms{p.a_source, n, 1}, b_terms{p.b_source, 1, n};
  const gpu::Buffer row_sums = kernels.reference_lines(rows, n, n, a_rows, b_terms);
  const gpu::Buffer column_sums = kernels.reference_lines(columns, n, n, b_terms, a_terms);
  const gpu::Bound bound{numbers::relative_bound(p.type),
                         numbers::accumulation_bound(p.problem.a, p.problem.b, p.n, p.problem.output_type)};
  const std::uint64_t victim = rows[context.request().seed % rows.size()] * n + columns[0];
  harness::judge(
      result,
      [&] {
        return gpu::both(kernels.compare_lines(row_sums, p.c, rows, n, n, 1, p.type, bound),
                         kernels.compare_lines(column_sums, p.c, columns, n, 1, n, p.type, bound));
      },
      // In units of the element's own bound, for near zero the bound is that of the sum and not of the last place.
      plant(p, victim, 1, "one element of C in " + to_string(p.type) + " moved by three times its bound",
            [&p, bound](std::uint64_t bits) {
              const double by = 3 * (bound.absolute + bound.relative * std::fabs(numbers::decode(bits, p.type)));
              return numbers::moved_by(bits, p.type, by);
            }),
      protocol::Layer::kImage);
}

// The residual of one row is a sum of n rounding errors of random sign, each about 0.4 k u spread(a) spread(b) at most;
// 3 is more than seven times that.
double residual_bound(const Product& p) {
  const double unit = std::ldexp(1.0, p.type == Type::kFp64 ? -53 : -24);
  return 3 * std::sqrt(p.n) * p.n * unit * numbers::spread_of(0) * numbers::spread_of(0);
}

std::uint64_t moved(std::uint64_t bits, Type type, double by) {
  if (type == Type::kFp64) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    value += by;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  float value;
  std::memcpy(&value, &bits, sizeof value);
  value += static_cast<float>(by);
  std::uint32_t narrow;
  std::memcpy(&narrow, &value, sizeof narrow);
  return narrow;
}

void judge_by_freivalds(const Context& context, const gpu::Kernels& kernels, const Product& p,
                        protocol::CheckResult& result) {
  const auto n = static_cast<std::uint64_t>(p.n);
  const double bound = residual_bound(p);
  char size[64];
  std::snprintf(size, sizeof size, "%.3g", 3 * bound);
  harness::judge(
      result,
      [&] {
        Comparison all;
        for (int i = 0; i < kVectors; ++i) {
          const auto base = numbers::stream_base(context.request().seed, 100 + static_cast<numbers::U64>(i));
          all = gpu::both(all, kernels.freivalds(p.c, p.type, n, n, n, p.a_source, p.b_source, bound, base));
        }
        return all;
      },
      // Twice the bound is left of it when the residual of that row was at its bound before.
      plant(p, context.request().seed % p.elements(), 2,
            "one element of C in " + to_string(p.type) + " changed by " + size,
            [&p, bound](std::uint64_t bits) { return moved(bits, p.type, 3 * bound); }),
      protocol::Layer::kImage);
}

class GemmNormal : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(Context& context) override { context.session<Session>(); }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    protocol::CheckResult slow;
    for (const Type type : {Type::kBf16, Type::kFp16, Type::kFp32, Type::kFp64}) {
      if (!has_type(session.device().capability(), type)) continue;
      one_type(context, session, type, result);
      if (result.verdict == protocol::Verdict::kDegraded) {
        slow = result;
      } else if (result.verdict != protocol::Verdict::kPass) {
        result.reason = to_string(type) + ": " + result.reason;
        return;
      }
    }
    if (slow.verdict == protocol::Verdict::kDegraded) {
      slow.measurements = result.measurements;
      result = slow;
    }
    result.summary = "the timed outputs are right in bf16, fp16, fp32 and fp64";
    if (session.device().capability() < 80) result.summary = "the timed outputs are right in fp16, fp32 and fp64";
  }

 private:
  static void one_type(Context& context, Session& session, Type type, protocol::CheckResult& result) {
    const Product p = make_product(context, session, type);
    const std::string shape = std::to_string(p.n) + "^3";
    context.doing("timing cublasGemmEx in " + to_string(type) + ", " + shape);
    const auto once = [&] {
      session.cublas.gemm(p.a.pointer(), p.b.pointer(), p.c.pointer(), p.n, p.n, p.n, type, type);
    };
    const bool quick = context.request().suite == protocol::Suite::kQuick;
    const gpu::SpeedRun speed = gpu::time_on_gpu(session, once, quick ? 0.2 : 2, quick ? 20 : 100);
    context.doing("verifying the timed output in " + to_string(type));
    context.recompute(p.problem, gpu::elements_of(p.c, type));
    if (bytes_of(type) == 2) {
      judge_sampled_lines(context, session.kernels(), p, result);
    } else {
      judge_by_freivalds(context, session.kernels(), p, result);
    }
    gpu::judge_speed(result, context, session, speed, std::pow(p.n, 3), type, shape, kLowestFraction);
  }
};
ENVFORGE_CHECK(GemmNormal);

}  // namespace
}  // namespace envforge::validator::cublas
