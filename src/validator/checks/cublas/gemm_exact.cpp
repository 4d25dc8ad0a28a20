// Proves: cuBLAS multiplies integer matrices of odd sizes in fp32, fp16, bf16 and fp64 with every bit of every
//   element right.
// Control: one element of the product is changed by 1 on the device, in each type.
// Suite: quick
//
// Every sum of small integers is exact in every order.
#include "checks/cublas/session.hpp"

#include <numeric>

#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator::cublas {
namespace {

using harness::Context;
using numbers::Type;

// No multiples of a usual tile, so that edges are looked at. |sum| <= 1000 * 64 < 2^24.
constexpr int kM = 1056, kN = 984, kK = 1000, kAmplitude = 8;
// A slice of a GPU with less room than this gets a quarter of each side.
constexpr double kSmallRoom = 64 << 20;

struct Size {
  int m, n, k;
};

class GemmExact : public harness::Check {
 public:
  bool recomputed() const override { return true; }
  void prepare(Context& context) override { context.session<Session>(); }

  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    session.started();
    const int part = session.room() < kSmallRoom ? 4 : 1;
    const Size size{kM / part, kN / part, kK / part};
    std::string done;
    for (const Type input : {Type::kFp32, Type::kFp16, Type::kBf16, Type::kFp64}) {
      if (!has_type(session.device().capability(), input)) continue;
      multiply(context, session, size, input, result);
      if (result.verdict != protocol::Verdict::kPass) {
        result.reason = numbers::to_string(input) + ": " + result.reason;
        return;
      }
      done += (done.empty() ? "" : ", ") + numbers::to_string(input);
    }
    result.summary = std::to_string(size.m) + " x " + std::to_string(size.n) + " x " + std::to_string(size.k) + " in " +
                     done + ": every element bit for bit";
  }

 private:
  static void multiply(Context& context, Session& session, const Size& size, Type input,
                       protocol::CheckResult& result) {
    const Type output = input == Type::kFp64 ? Type::kFp64 : Type::kFp32;
    const auto n = static_cast<std::uint64_t>(size.n), k = static_cast<std::uint64_t>(size.k);
    const auto bytes = [](int rows, int columns, Type type) {
      return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns) *
             static_cast<std::size_t>(bytes_of(type));
    };
    const protocol::Problem problem{"gemm",
                                    {{"m", size.m}, {"n", size.n}, {"k", size.k}},
                                    {1, to_string(input), kAmplitude},
                                    {2, to_string(input), kAmplitude},
                                    to_string(output),
                                    static_cast<std::uint64_t>(size.m) * n};
    const gpu::Source a_source = gpu::source_of(problem.a, context.request().seed);
    const gpu::Source b_source = gpu::source_of(problem.b, context.request().seed);
    const gpu::Kernels& kernels = session.kernels();
    const gpu::Buffer a(session.device(), bytes(size.m, size.k, input));
    const gpu::Buffer b(session.device(), bytes(size.k, size.n, input));
    const gpu::Buffer c(session.device(), bytes(size.m, size.n, output));
    kernels.fill(a, static_cast<std::uint64_t>(size.m) * k, a_source);
    kernels.fill(b, k * n, b_source);
    c.clear(0xff);  // NaN: an element that is never written is wrong
    context.doing("cublasGemmEx in " + to_string(input));
    session.cublas.gemm(a.pointer(), b.pointer(), c.pointer(), size.m, size.n, size.k, input, output);
    session.device().synchronize();
    context.recompute(problem, gpu::elements_of(c, output));

    std::vector<std::uint64_t> rows(static_cast<std::size_t>(size.m));
    std::iota(rows.begin(), rows.end(), 0);
    context.doing("comparing with our own sums");
    const gpu::Buffer reference = kernels.reference_lines(rows, n, k, {a_source, k, 1}, {b_source, 1, n});
    const int width = bytes_of(output);
    const std::uint64_t victim = context.request().seed % problem.elements;
    const std::uint64_t before = c.peek(victim * static_cast<std::uint64_t>(width), width);
    // An integer changed by one: its double's bits, then those of the output type.
    const auto value = static_cast<long long>(numbers::decode(before, output));
    harness::judge(
        result, [&] { return kernels.compare_lines(reference, c, rows, n, n, 1, output, {}); },
        {"one element of C in " + to_string(input) + " changed by 1", 1,
         [&] {
           c.poke(victim * static_cast<std::uint64_t>(width), width, numbers::encode({value + 1, 0}, output));
         },
         [&] { c.poke(victim * static_cast<std::uint64_t>(width), width, before); }},
        protocol::Layer::kImage);
  }
};
ENVFORGE_CHECK(GemmExact);

}  // namespace
}  // namespace envforge::validator::cublas
