// Proves: a stream that waits for another one's event sees what was written before it, while without the wait it goes
//   ahead: order comes from the event and not from chance.
// Control: the same work without the wait.
// Suite: standard
#include <algorithm>

#include "gpu/session.hpp"
#include "gpu/stream.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

constexpr std::uint64_t kStream = 5, kMostWords = 4U << 20, kRounds = 400000;  // some tens of milliseconds

class Streams : public harness::RecomputedCheck<gpu::Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    const gpu::Device& device = session.device();
    const gpu::Kernels& kernels = session.kernels();
    const auto count = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(session.room() / 32), 1024, kMostWords);
    const protocol::Problem problem{"copy", {}, {kStream, "u32", 0}, {}, "u32", count};
    const gpu::Source source = gpu::source_of(problem.a, context.request().seed);
    const gpu::Buffer from(device, count * 4), between(device, count * 4), to(device, count * 4), scratch(device, 8);
    const gpu::Stream writer(device), reader(device);
    const gpu::Event begun(device), written(device);
    kernels.fill(from, count, source);
    const auto pass_on = [&](bool waiting) {
      between.clear();
      to.clear();
      device.synchronize();
      writer.record(begun);
      kernels.linger(scratch, kRounds, writer.handle());
      writer.copy(between.address(), from.address(), count * 4);
      writer.record(written);
      if (waiting) reader.wait(written);
      reader.copy(to.address(), between.address(), count * 4);
      reader.synchronize();
      writer.synchronize();
    };
    context.doing("handing memory from one stream to another by an event");
    pass_on(true);
    const double late = written.seconds_since(begun);
    context.recompute(problem, gpu::elements_of(to, numbers::Type::kU32));
    harness::judge(
        result, [&] { return kernels.compare_fill(to, count, source); },
        {"the wait for the event left out", 1, [&] { pass_on(false); }, [&] { pass_on(true); }},
        protocol::Layer::kHostDriver);
    result.measurements.push_back({"writer busy before the event", late * 1e3, "ms", {}, "", {}});
    if (result.verdict == protocol::Verdict::kPass) {
      result.summary = "the reader waited for the event, and goes ahead without it";
    }
  }
};
ENVFORGE_CHECK(Streams);

}  // namespace
}  // namespace envforge::validator
