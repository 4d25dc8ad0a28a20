// Proves: as the container's user, the image's nvcc, g++ and toolkit make an extension by torch.utils.cpp_extension
//   whose kernel gives the right numbers on the GPU; without a GPU, that it is made and loads, and its host code is
//   right.
// Control: one result is changed by 1.
// Suite: standard
//
// The extension includes CUDA's headers and none of torch's: those would take a minute, and prove the same compiler.
#include <algorithm>
#include <cstdint>

#include <envforge/support/text.hpp>

#include "harness/control.hpp"
#include "numbers/element.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr std::size_t kCount = 1003;

constexpr const char* kSource = R"cu(
#include <cuda_runtime.h>
__host__ __device__ static unsigned mixed(unsigned x, unsigned key) { return (x ^ x >> 16) * 0x7feb352du + key; }
__global__ static void mix(unsigned* x, int count, unsigned key) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) x[i] = mixed(x[i], key);
}
extern "C" int mix_all(unsigned* x, int count, unsigned key, int device) {
  if (device < 0) {
    for (int i = 0; i < count; ++i) x[i] = mixed(x[i], key);
    return 0;
  }
  unsigned* there = nullptr;
  cudaError_t status = cudaSetDevice(device);
  if (status == cudaSuccess) status = cudaMalloc(&there, count * sizeof(unsigned));
  if (status == cudaSuccess) status = cudaMemcpy(there, x, count * sizeof(unsigned), cudaMemcpyHostToDevice);
  if (status == cudaSuccess) mix<<<(count + 127) / 128, 128>>>(there, count, key);
  if (status == cudaSuccess) status = cudaGetLastError();
  if (status == cudaSuccess) status = cudaMemcpy(x, there, count * sizeof(unsigned), cudaMemcpyDeviceToHost);
  cudaFree(there);
  return status;
}
)cu";

std::uint32_t mixed(std::uint32_t x, std::uint32_t key) {
  return (x ^ x >> 16) * 0x7feb352dU + key;
}

// What torch.utils.cpp_extension calls, and where it looks for a toolkit.
constexpr const char* kScript = R"py(
import ctypes, importlib.util, shutil, tempfile
step("import torch")
import torch
step("waiting for its turn")
asked = json.load(sys.stdin)
homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), os.path.dirname(os.path.dirname(shutil.which("nvcc") or "")), "/usr/local/cuda"]
has = {"nvcc": any(home and os.access(home + "/bin/nvcc", os.X_OK) for home in homes),
       "a C++ compiler": shutil.which(os.environ.get("CXX", "c++")),
       "ninja": shutil.which("ninja"),
       "setuptools": importlib.util.find_spec("setuptools")}
missing = [name for name, found in has.items() if not found]
if missing:
    tell({"missing": missing})
    sys.exit(0)
device = -1
if asked["gpu"]:
    step("the GPU's compute capability")
    device = 1 % max(1, torch.cuda.device_count())
    asked["architecture"] = "%d.%d" % torch.cuda.get_device_capability(device)
if asked["architecture"]:
    os.environ["TORCH_CUDA_ARCH_LIST"] = asked["architecture"]
step("import torch.utils.cpp_extension")
from torch.utils import cpp_extension
with tempfile.TemporaryDirectory() as folder:
    source = os.path.join(folder, "envforge_check.cu")
    with open(source, "w") as file:
        file.write(asked["source"])
    step("torch.utils.cpp_extension.load")
    library = cpp_extension.load("envforge_check", [source], build_directory=folder, is_python_module=False)
    step("the extension's kernel" if asked["gpu"] else "the extension's host code")
    x = (ctypes.c_uint32 * len(asked["x"]))(*asked["x"])
    status = ctypes.CDLL(library).mix_all(x, len(x), ctypes.c_uint32(asked["key"]), device)
tell({"missing": [], "home": cpp_extension.CUDA_HOME, "architecture": asked["architecture"], "status": status, "x": list(x)})
)py";

class CudaExtension : public harness::Check {
  void prepare(harness::Context& context) override {
    const auto& request = context.request();
    const auto base = numbers::stream_base(request.seed, 8);
    for (std::size_t i = 0; i < kCount; ++i) x_.push_back(word(base, i));
    key_ = word(base, kCount);
    const auto& targets = request.target_gpus;
    task_ = &context.session<Session>().begin(kScript,
                                              {{"x", x_},
                                               {"key", key_},
                                               {"source", kSource},
                                               {"gpu", !request.gpus.empty()},
                                               {"architecture", targets.substr(0, targets.find(','))}},
                                              Start::kOnTheGpus);
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const auto& request = context.request();
    json found = context.session<Session>().finish(context, *task_);
    if (!found.at("missing").empty()) return without_compiler(request, found.at("missing"));
    if (const int status = found.at("status").get<int>(); status != 0) {
      throw harness::Failure("the extension's kernel did not run: cudaError_t " + std::to_string(status),
                             protocol::Layer::kImage, "compiled for " + found.at("architecture").get<std::string>(),
                             "other checks of the group cuda say whether the GPU runs any kernel");
    }
    json& x = found.at("x");
    const std::size_t place = kCount / 2;
    const json kept = x.at(place);
    const harness::Control control{"one result changed by 1", 1, [&] { x[place] = kept.get<std::uint32_t>() ^ 1U; },
                                   [&] { x[place] = kept; }};
    const std::string architecture = found.at("architecture").get<std::string>();
    result.summary = std::to_string(kCount) + " results of an extension that " + found.at("home").get<std::string>() +
                     "/bin/nvcc compiled" + (architecture.empty() ? "" : " for " + architecture) +
                     (request.gpus.empty() ? ", of its host code: its kernel was not run" : ", on the GPU");
    judge(
        result, [&] { return compare(x); }, control, protocol::Layer::kImage);
  }

  static std::uint32_t word(std::uint64_t base, std::size_t place) {
    return static_cast<std::uint32_t>(numbers::bits_at(base, place));
  }

  harness::Comparison compare(const json& x) const {
    harness::Comparison out;
    out.compared = x.size();
    for (std::size_t i = 0; i < x_.size() && i < x.size(); ++i) {
      const std::uint32_t expected = mixed(x_[i], key_);
      const bool right = x[i].is_number_unsigned() && x[i].get<std::uint64_t>() == expected;
      if (right) continue;
      out.worst = std::max(out.worst, 1.0);
      if (out.wrong++ == 0)
        out.first = "result " + std::to_string(i) + " is " + x[i].dump() + ", expected " + std::to_string(expected);
    }
    if (x.size() != x_.size()) ++out.wrong;
    return out;
  }

  static void without_compiler(const protocol::GroupRequest& request, const json& missing) {
    const std::string what = support::join(missing.get<std::vector<std::string>>(), ", ");
    const auto& declared = request.capabilities;
    if (std::find(declared.begin(), declared.end(), "devel") == declared.end())
      throw harness::Skip("the image does not have " + what + ", and its recipe does not declare `variant: devel`");
    throw harness::Failure("the recipe declares `variant: devel`, and the image does not have " + what,
                           protocol::Layer::kImage, "looked for by $CUDA_HOME, $CXX and PATH",
                           "build the image again from its recipe; variant: devel adds them");
  }

  std::vector<std::uint32_t> x_;
  std::uint32_t key_ = 0;
  Task* task_ = nullptr;
};

ENVFORGE_CHECK(CudaExtension);

}  // namespace
}  // namespace envforge::validator::checks::python
