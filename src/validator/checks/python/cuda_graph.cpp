// Proves: what torch captured as a CUDA graph gives at each replay what it gives eagerly, of the inputs as
//   they are then.
// Control: after the inputs changed, the output is read without a replay.
// Suite: standard
#include "harness/control.hpp"
#include "numbers/element.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr std::size_t kSize = 24;

constexpr const char* kScript = R"py(
step("torch.cuda.graph: capture")
first, second, w = (torch.tensor(asked[name], dtype=torch.float32, device="cuda") for name in ("first", "second", "w"))
x = first.clone()
def compute():
    return (x @ w).relu() + x
side = torch.cuda.Stream()
side.wait_stream(torch.cuda.current_stream())
with torch.cuda.stream(side):
    for _ in range(3):
        compute()
torch.cuda.current_stream().wait_stream(side)
graph = torch.cuda.CUDAGraph()
with torch.cuda.graph(graph):
    y = compute()
out = {}
def read(name):
    torch.cuda.synchronize()
    out[name] = y.tolist()
step("torch.cuda.CUDAGraph.replay")
graph.replay()
read("first")
x.copy_(second)
read("unreplayed")
graph.replay()
read("second")
tell(out)
)py";

using Matrix = std::vector<std::vector<double>>;

Matrix integers(std::uint64_t seed, std::uint64_t stream) {
  const auto base = numbers::stream_base(seed, stream);
  Matrix out(kSize, std::vector<double>(kSize));
  for (std::size_t i = 0; i < kSize * kSize; ++i) {
    out[i / kSize][i % kSize] = numbers::element_value(base, i, 8, numbers::Type::kFp32);
  }
  return out;
}

/// max(X W, 0) + X: integers below 2^24, exact in any order.
Matrix expected(const Matrix& x, const Matrix& w) {
  Matrix out = x;
  for (std::size_t i = 0; i < kSize; ++i) {
    for (std::size_t j = 0; j < kSize; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < kSize; ++k) sum += x[i][k] * w[k][j];
      out[i][j] += std::max(sum, 0.0);
    }
  }
  return out;
}

class CudaGraph : public harness::Check {
  void prepare(harness::Context& context) override {
    need_gpu(context);
    context.session<Session>().warm();
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const auto seed = context.request().seed;
    const Matrix first = integers(seed, 3), second = integers(seed, 4), w = integers(seed, 5);
    const json found =
        context.session<Session>().ask(context, kScript, {{"first", first}, {"second", second}, {"w", w}});
    std::string read = "second";
    const harness::Control control{"the output read without a replay after the inputs changed", 1,
                                   [&] { read = "unreplayed"; }, [&] { read = "second"; }};
    result.summary = "a captured graph replayed twice, on the inputs as they were then: every element exact";
    judge(
        result,
        [&] {
          harness::Comparison out;
          compare("the first replay", found.at("first"), expected(first, w), out);
          compare("the replay of changed inputs", found.at(read), expected(second, w), out);
          return out;
        },
        control, protocol::Layer::kImage);
  }

  static void compare(const char* what, const json& y, const Matrix& truth, harness::Comparison& out) {
    for (std::size_t i = 0; i < kSize * kSize; ++i, ++out.compared) {
      const double is = y.at(i / kSize).at(i % kSize), should = truth[i / kSize][i % kSize];
      if (is == should) continue;
      out.worst = std::max(out.worst, 1.0);
      if (out.wrong++ == 0) {
        out.first = std::string(what) + ": element " + std::to_string(i) + " is " + std::to_string(is) + ", expected " +
                    std::to_string(should);
      }
    }
  }
};

ENVFORGE_CHECK(CudaGraph);

}  // namespace
}  // namespace envforge::validator::checks::python
