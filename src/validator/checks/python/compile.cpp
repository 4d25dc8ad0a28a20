// Proves: torch.compile, as the container's user, compiles a small function whose every result is right.
// Control: one result is changed by four times its bound.
// Suite: standard
#include <algorithm>
#include <cmath>

#include "harness/control.hpp"
#include "numbers/element.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr std::size_t kCount = 1003;
// sin 2 units, exp 2, the products and the sum around them below 4 more; of values below 8: 8 x 8 x 2^-23.
constexpr double kBound = 64 * 1.1920929e-7;

// The compilers are those that Inductor (C++ for the CPU) and Triton (C for a GPU's launcher) look for. What
// torch.compile would import at its first call is imported before the GPU is this script's; what is not there,
// torch.compile itself misses.
constexpr const char* kScript = R"py(
import importlib, shutil
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # one function: a pool of compilers only costs its start
step("import torch")
import torch
import torch._dynamo
for name in ("torch._inductor.compile_fx", "torch._inductor.scheduler", "torch._inductor.codegen.triton", "triton.compiler"):
    try:
        importlib.import_module(name)
    except Exception:
        pass
step("waiting for its turn")
asked = json.load(sys.stdin)
names = [os.environ.get("CC", ""), "gcc", "clang", "cc"] if asked["gpu"] else [os.environ.get("CXX", ""), "g++", "clang++", "c++"]
compilers = [name for name in names if name and shutil.which(name.split()[0])]
if not compilers:
    tell({"compiler": ""})
    sys.exit(0)
def f(x):
    return torch.sin(x) * 2 + torch.exp(-x * x) * 3
step("a tensor on the GPU" if asked["gpu"] else "a tensor on the CPU")
if asked["gpu"]:
    torch.cuda.set_device(1 % max(1, torch.cuda.device_count()))
x = torch.tensor(asked["x"], dtype=torch.float32, device="cuda" if asked["gpu"] else "cpu")
step("torch.compile")
torch._dynamo.reset()
y = torch.compile(f, fullgraph=True)(x)
graphs = torch._dynamo.utils.counters["stats"].get("unique_graphs", 0)
tell({"compiler": shutil.which(compilers[0].split()[0]), "graphs": graphs, "y": y.double().tolist()})
)py";

class Compile : public harness::Check {
  void prepare(harness::Context& context) override {
    const auto& request = context.request();
    const auto base = numbers::stream_base(request.seed, 1);
    for (std::size_t i = 0; i < kCount; ++i) x_.push_back(numbers::element_value(base, i, 0, numbers::Type::kFp32));
    task_ = &context.session<Session>().begin(kScript, {{"x", x_}, {"gpu", !request.gpus.empty()}}, Start::kOnTheGpus);
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const auto& request = context.request();
    json found = context.session<Session>().finish(context, *task_);
    if (found.at("compiler").get<std::string>().empty()) return without_compiler(request);
    if (found.at("graphs").get<int>() < 1) {
      throw harness::Failure("torch.compile ran the function without compiling it", protocol::Layer::kImage,
                             "torch._dynamo.utils.counters: no graph",
                             "unset TORCHDYNAMO_DISABLE and TORCH_COMPILE_DISABLE");
    }
    json& y = found.at("y");
    const std::size_t place = kCount / 2;
    const double kept = y.at(place);
    const harness::Control control{"one result changed by four times its bound", 3 * kBound,
                                   [&] { y[place] = kept + 4 * kBound; }, [&] { y[place] = kept; }};
    result.summary = std::to_string(kCount) + " results of a function that torch.compile compiled with " +
                     found.at("compiler").get<std::string>() + (request.gpus.empty() ? " for the CPU" : " for the GPU");
    judge(
        result, [&] { return compare(x_, y); }, control, protocol::Layer::kImage);
  }

  static harness::Comparison compare(const std::vector<double>& x, const json& y) {
    harness::Comparison out;
    out.compared = y.size();
    for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
      const double expected = std::sin(x[i]) * 2 + std::exp(-x[i] * x[i]) * 3;
      const double difference = y[i].is_number() ? std::fabs(y[i].get<double>() - expected) : 1e308;
      out.worst = std::max(out.worst, difference);
      if (difference <= kBound) continue;
      if (out.wrong++ == 0)
        out.first = "result " + std::to_string(i) + " is " + y[i].dump() + ", expected " + std::to_string(expected);
    }
    if (y.size() != x.size()) ++out.wrong;
    return out;
  }

  static void without_compiler(const protocol::GroupRequest& request) {
    const auto& declared = request.capabilities;
    if (std::find(declared.begin(), declared.end(), "torch_compile") == declared.end()) {
      throw harness::Skip("the image has no compiler, and its recipe does not declare the capability torch_compile");
    }
    throw harness::Failure("the recipe declares the capability torch_compile, and the image has no compiler",
                           protocol::Layer::kImage, "neither $CC nor gcc, clang or cc is on PATH",
                           "build the image again from its recipe; capabilities: [torch_compile] adds the compiler");
  }

  std::vector<double> x_;
  Task* task_ = nullptr;
};

ENVFORGE_CHECK(Compile);

}  // namespace
}  // namespace envforge::validator::checks::python
