// Proves: the image's NVRTC compiles a kernel that nobody compiled before to machine code for this very GPU, the kernel
//   computes rightly, and a kernel with a mistake is refused with a log that names it.
// Control: one bit of one word is flipped in the kernel's output.
// Suite: standard
//
// What torch.compile, the fused kernels of torch and CuPy rest on.
#include <algorithm>

#include "gpu/nvrtc_api.hpp"
#include "gpu/session.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

constexpr std::uint64_t kStream = 9, kWords = 1U << 18;
// The constants come from the seed, so no cache can have it.
constexpr const char* kText = R"(extern "C" __global__ void salted(unsigned int* words, unsigned long long count) {
  unsigned long long i = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) words[i] = SALT_FACTOR * words[i] + SALT_TERM;
})";

class Nvrtc : public harness::RecomputedCheck<gpu::Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    const gpu::NvrtcApi& api = session.nvrtc();
    const std::string& architecture = session.architecture();
    const auto seed = context.request().seed;
    const gpu::WordChange change{static_cast<std::uint32_t>(seed) | 1U, static_cast<std::uint32_t>(seed >> 32)};
    const std::string factor = "-DSALT_FACTOR=" + std::to_string(change.factor) + "U";
    const std::string term = "-DSALT_TERM=" + std::to_string(change.term) + "U";
    context.doing("compiling for " + architecture);
    const std::string cubin = gpu::compile_to_cubin(api, kText, architecture, {factor, term});
    refuse_mistake(context, api, architecture);

    const protocol::Problem problem{
        "words", {{"factor", change.factor}, {"term", change.term}}, {kStream, "u32", 0}, {}, "u32", kWords};
    const gpu::Source source = gpu::source_of(problem.a, seed);
    const gpu::Kernels& kernels = session.kernels();
    const gpu::Buffer words(session.device(), kWords * 4);
    kernels.fill(words, kWords, source);
    context.doing("launching what was compiled");
    launch(session, cubin, words);
    context.recompute(problem, gpu::elements_of(words, numbers::Type::kU32));
    const std::uint64_t victim = seed % kWords * 4;
    const std::uint64_t before = words.peek(victim, 4);
    harness::judge(
        result, [&] { return kernels.compare_words(words, source, change); },
        {"one bit of the kernel's output flipped", 1, [&] { words.poke(victim, 4, before ^ 1); },
         [&] { words.poke(victim, 4, before); }},
        protocol::Layer::kImage);
    result.summary = "machine code for " + architecture + ", right; a mistake is refused";
  }

 private:
  static void refuse_mistake(Context& context, const gpu::NvrtcApi& api, const std::string& architecture) {
    context.doing("compiling a kernel with a mistake");
    std::string log;
    try {
      gpu::compile_to_cubin(api, "#error planted by envforge\n", architecture, {});
    } catch (const harness::Failure& refused) {
      log = refused.evidence;
    }
    if (log.find("planted by envforge") != std::string::npos) return;
    throw harness::Failure("NVRTC did not refuse a kernel with a mistake, or did not say which",
                           protocol::Layer::kImage, log, "build the image from its lock again");
  }

  static void launch(gpu::Session& session, const std::string& cubin, const gpu::Buffer& words) {
    const gpu::CudaApi& api = session.cuda();
    void* module = nullptr;
    void* function = nullptr;
    api.check(api.cuModuleLoadData(&module, cubin.data()), "cuModuleLoadData of a fresh kernel");
    api.check(api.cuModuleGetFunction(&function, module, "salted"), "cuModuleGetFunction(salted)");
    unsigned long long address = words.address(), count = kWords;
    void* arguments[] = {&address, &count};
    constexpr unsigned int kBlock = 256;
    api.check(api.cuLaunchKernel(function, kWords / kBlock, 1, 1, kBlock, 1, 1, 0, nullptr, arguments, nullptr),
              "launch of a fresh kernel");
    session.device().synchronize();
    api.cuModuleUnload(module);
  }
};
ENVFORGE_CHECK(Nvrtc);

}  // namespace
}  // namespace envforge::validator
