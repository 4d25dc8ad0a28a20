// Proves: a declared share of the free memory holds a pattern that depends on the address, written, read back and
//   compared by our kernels.
// Control: one bit of one word is flipped in the device's memory.
// Suite: quick
#include <algorithm>

#include <envforge/support/text.hpp>

#include "gpu/session.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

constexpr std::uint64_t kStream = 1;

class Memory : public harness::RecomputedCheck<gpu::Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    const gpu::Kernels& kernels = session.kernels();
    const auto share = static_cast<double>(session.device().free_bytes()) * context.request().memory_fraction;
    const std::uint64_t count = std::max<std::uint64_t>(1024, static_cast<std::uint64_t>(share) / 4);
    const gpu::Buffer memory(session.device(), count * 4);
    const protocol::Operand operand{kStream, "u32", 0};
    const gpu::Source source = gpu::source_of(operand, context.request().seed);

    context.doing("writing " + support::human_bytes(count * 4));
    kernels.fill(memory, count, source);
    context.doing("comparing " + support::human_bytes(count * 4));
    judge(context, kernels, memory, source, {}, result);
    if (result.verdict == protocol::Verdict::kPass) {
      context.doing("turning every bit over and comparing again");
      kernels.change_words(memory, gpu::kInverse);
      judge(context, kernels, memory, source, gpu::kInverse, result);
    }
    const protocol::Problem problem{
        "words", {{"factor", gpu::kInverse.factor}, {"term", gpu::kInverse.term}}, operand, {}, "u32", count};
    if (result.verdict == protocol::Verdict::kPass) {
      context.recompute(problem, gpu::elements_of(memory, numbers::Type::kU32));
    }
    result.measurements.push_back(
        {"tested", static_cast<double>(count * 4), "bytes", {}, "share of the free memory", {}});
    if (result.verdict == protocol::Verdict::kPass) {
      result.summary = support::human_bytes(count * 4) + " written, read back, turned over and read again, none wrong";
    }
  }

 private:
  // One flipped bit is the smallest fault of a memory.
  static void judge(Context& context, const gpu::Kernels& kernels, const gpu::Buffer& memory, const gpu::Source& source,
                    const gpu::WordChange& change, protocol::CheckResult& result) {
    const gpu::View words{memory.address(), memory.bytes() / 4 * 4};
    const std::uint64_t victim = context.request().seed % (words.bytes / 4);
    const std::uint64_t before = memory.peek(victim * 4, 4);
    harness::judge(
        result, [&] { return kernels.compare_words(words, source, change); },
        {"one bit of word " + std::to_string(victim) + " flipped", 1, [&] { memory.poke(victim * 4, 4, before ^ 1); },
         [&] { memory.poke(victim * 4, 4, before); }},
        protocol::Layer::kHardware);
  }
};
ENVFORGE_CHECK(Memory);

}  // namespace
}  // namespace envforge::validator
