// Proves: data that goes to the device, within it and back arrives with every byte right.
// Control: one bit of one word is flipped on the device.
// Suite: quick
//
// The data is made on the host and judged on the device, and what came back is judged on the host.
#include <algorithm>
#include <vector>

#include <envforge/support/text.hpp>

#include "gpu/session.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

constexpr std::uint64_t kStream = 2;
constexpr std::uint64_t kMostWords = 8U << 20;  // 32 MiB

class Copy : public harness::RecomputedCheck<gpu::Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    const gpu::Kernels& kernels = session.kernels();
    const auto fitting = static_cast<std::uint64_t>(session.room() / 16);
    const std::uint64_t count = std::clamp<std::uint64_t>(fitting, 1024, kMostWords);
    const protocol::Problem problem{"copy", {}, {kStream, "u32", 0}, {}, "u32", count};
    const gpu::Source source = gpu::source_of(problem.a, context.request().seed);
    std::vector<std::uint32_t> host(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      host[i] = static_cast<std::uint32_t>(numbers::element_bits(source.base, i, 0, numbers::Type::kU32));
    }
    const gpu::Buffer first(session.device(), count * 4);
    const gpu::Buffer second(session.device(), count * 4);
    context.doing("copying " + support::human_bytes(count * 4) + " to the device, within it, and back");
    first.write(host.data(), count * 4);
    const gpu::CudaApi& api = session.cuda();
    api.check(api.cuMemcpyDtoD_v2(second.address(), first.address(), count * 4), "cuMemcpyDtoD");
    session.device().synchronize();
    std::vector<std::uint32_t> back(count);
    second.read(back.data(), count * 4);

    const std::uint64_t victim = context.request().seed % count;
    harness::judge(
        result, [&] { return kernels.compare_fill(second, count, source); },
        {"one bit of word " + std::to_string(victim) + " flipped", 1,
         [&] { second.poke(victim * 4, 4, host[victim] ^ 1U); }, [&] { second.poke(victim * 4, 4, host[victim]); }},
        protocol::Layer::kHardware);
    for (std::uint64_t i = 0; i < count && result.verdict == protocol::Verdict::kPass; ++i) {
      if (back[i] == host[i]) continue;
      throw harness::Failure("word " + std::to_string(i) + " came back from the device changed",
                             protocol::Layer::kHardware, "cuMemcpyDtoH", "");
    }
    context.recompute(problem, [&](const std::vector<std::uint64_t>& indices) {
      std::vector<std::uint64_t> bits;
      for (const auto index : indices) bits.push_back(back[index]);
      return bits;
    });
  }
};
ENVFORGE_CHECK(Copy);

}  // namespace
}  // namespace envforge::validator
