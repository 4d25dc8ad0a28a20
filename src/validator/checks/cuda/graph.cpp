// Proves: work captured into a CUDA graph does not run while it is captured, and every replay does all of it,
//   in order, on what its memory holds by then.
// Control: one bit of one word is flipped in the output of the replay.
// Suite: standard
#include <algorithm>
#include <chrono>

#include "gpu/session.hpp"
#include "gpu/stream.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "harness/timing.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

constexpr std::uint64_t kStream = 6, kMostWords = 1U << 20;
// x -> 5 (x + 1) + 2: another order of the two kernels gives something else.
constexpr gpu::WordChange kFirst{1, 1}, kSecond{5, 2}, kBoth{5, 7};

class GraphCheck : public harness::RecomputedCheck<gpu::Session> {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    if (session.cuda().cuGraphInstantiateWithFlags == nullptr) {
      throw harness::Skip("this driver is older than R470, which has the call that every CUDA since then knows");
    }
    const gpu::Device& device = session.device();
    const gpu::Kernels& kernels = session.kernels();
    const auto count = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(session.room() / 32), 1024, kMostWords);
    const auto problem = [&](std::uint64_t stream) {
      return protocol::Problem{"words", {{"factor", kBoth.factor}, {"term", kBoth.term}}, {stream, "u32", 0}, {}, "u32",
                               count};
    };
    const gpu::Buffer from(device, count * 4), to(device, count * 4);
    const gpu::Stream stream(device);
    const auto work = [&] {
      stream.copy(to.address(), from.address(), count * 4);
      kernels.change_words(to, kFirst, stream.handle());
      kernels.change_words(to, kSecond, stream.handle());
    };
    kernels.fill(from, count, gpu::source_of(problem(kStream).a, context.request().seed));
    to.clear(0xff);
    device.synchronize();
    context.doing("capturing a graph");
    const gpu::Graph graph(device, stream, work);
    device.synchronize();
    if (to.peek(count / 2 * 4, 4) != 0xffffffffU) {
      throw harness::Failure("work ran while it was captured into a graph", protocol::Layer::kHostDriver,
                             "cuStreamBeginCapture", "");
    }
    // The second replay sees other data in the same memory.
    for (const std::uint64_t data : {kStream, kStream + 1}) {
      const gpu::Source source = gpu::source_of(problem(data).a, context.request().seed);
      kernels.fill(from, count, source);
      device.synchronize();
      context.doing("replaying the graph");
      graph.launch(stream);
      stream.synchronize();
      context.recompute(problem(data), gpu::elements_of(to, numbers::Type::kU32));
      const std::uint64_t victim = context.request().seed % count * 4;
      const std::uint64_t before = to.peek(victim, 4);
      harness::judge(
          result, [&] { return kernels.compare_words(to, source, kBoth); },
          {"one bit of the replay's output flipped", 1, [&] { to.poke(victim, 4, before ^ 1); },
           [&] { to.poke(victim, 4, before); }},
          protocol::Layer::kHostDriver);
      if (result.verdict != protocol::Verdict::kPass) return;
    }
    time_launches(stream, graph, work, result);
    result.summary = "captured without running, replayed twice on different data";
  }

 private:
  static void time_launches(const gpu::Stream& stream, const gpu::Graph& graph, const std::function<void()>& work,
                            protocol::CheckResult& result) {
    const auto seconds_of = [&](const std::function<void()>& enqueue) {
      const auto once = [&] {
        const auto start = std::chrono::steady_clock::now();
        enqueue();
        const auto end = std::chrono::steady_clock::now();
        stream.synchronize();
        return std::chrono::duration<double>(end - start).count();
      };
      return harness::measure(once, 0.001, 20).median;
    };
    result.measurements.push_back(
        {"launch of the graph", seconds_of([&] { graph.launch(stream); }) * 1e6, "us", {}, "", {}});
    result.measurements.push_back({"launch of its three parts", seconds_of(work) * 1e6, "us", {}, "", {}});
  }
};
ENVFORGE_CHECK(GraphCheck);

}  // namespace
}  // namespace envforge::validator
