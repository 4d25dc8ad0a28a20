// Proves: managed memory and page-locked host memory are one address for CPU and GPU, and each sees what the other
//   wrote.
// Control: one bit of one word is flipped in the memory that both share.
// Suite: standard
#include <algorithm>

#include "gpu/session.hpp"
#include "gpu/stream.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using numbers::Type;

constexpr std::uint64_t kStream = 8,
                        kMostWords = 4U << 20;  // little: managed memory is for addresses here, not for size
constexpr gpu::WordChange kChange{3, 1};

/// Managed memory, freed as device memory is.
class Managed {
 public:
  Managed(const gpu::Device& device, std::size_t bytes) : api_(&device.api()) {
    api_->check(api_->cuMemAllocManaged(&address_, bytes, gpu::kAttachGlobal), "cuMemAllocManaged");
  }
  Managed(const Managed&) = delete;
  Managed& operator=(const Managed&) = delete;
  ~Managed() { api_->cuMemFree_v2(address_); }
  std::uint32_t* words() const { return reinterpret_cast<std::uint32_t*>(address_); }

 private:
  const gpu::CudaApi* api_;
  unsigned long long address_ = 0;
};

class Unified : public harness::RecomputedCheck<gpu::Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    const gpu::Device& device = session.device();
    if (device.attribute(gpu::kUnifiedAddressing) == 0) throw harness::Skip("this GPU has no unified addressing");
    const auto count = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(session.room() / 32), 1024, kMostWords);
    const gpu::PinnedMemory pinned(device, count * 4);
    context.doing("a kernel on page-locked memory of the host");
    share(context, session, pinned.words(), count, "page-locked", result);
    if (result.verdict != protocol::Verdict::kPass) return;
    result.summary = "page-locked";
    if (device.attribute(gpu::kManagedMemory) != 0) {
      const Managed managed(device, count * 4);
      context.doing("a kernel on managed memory");
      share(context, session, managed.words(), count, "managed", result);
      result.summary += " and managed";
    }
    result.summary += " memory: the GPU read what the CPU wrote, and the CPU what the GPU did";
  }

 private:
  // The CPU writes, the GPU changes, the GPU compares, the CPU compares.
  static void share(Context& context, gpu::Session& session, std::uint32_t* words, std::uint64_t count,
                    const std::string& kind, protocol::CheckResult& result) {
    const gpu::Kernels& kernels = session.kernels();
    const protocol::Problem problem{
        "words", {{"factor", kChange.factor}, {"term", kChange.term}}, {kStream, "u32", 0}, {}, "u32", count};
    const gpu::Source source = gpu::source_of(problem.a, context.request().seed);
    for (std::uint64_t i = 0; i < count; ++i) {
      words[i] = static_cast<std::uint32_t>(numbers::element_bits(source.base, i, 0, Type::kU32));
    }
    const gpu::View view{reinterpret_cast<std::uint64_t>(words), count * 4};
    kernels.change_words(view, kChange);
    session.device().synchronize();
    const std::uint64_t victim = context.request().seed % count;
    harness::judge(
        result, [&] { return kernels.compare_words(view, source, kChange); },
        {"one bit of " + kind + " memory flipped", 1, [&] { words[victim] ^= 1U; }, [&] { words[victim] ^= 1U; }},
        protocol::Layer::kHostDriver);
    for (std::uint64_t i = 0; i < count && result.verdict == protocol::Verdict::kPass; ++i) {
      const auto before = static_cast<std::uint32_t>(numbers::element_bits(source.base, i, 0, Type::kU32));
      if (words[i] == kChange.factor * before + kChange.term) continue;
      throw harness::Failure(
          "the CPU does not see what the GPU wrote to word " + std::to_string(i) + " of " + kind + " memory",
          protocol::Layer::kHostDriver, "read after cuCtxSynchronize", "");
    }
    context.recompute(problem, [&](const std::vector<std::uint64_t>& indices) {
      std::vector<std::uint64_t> bits;
      for (const auto index : indices) bits.push_back(words[index]);
      return bits;
    });
  }
};
ENVFORGE_CHECK(Unified);

}  // namespace
}  // namespace envforge::validator
