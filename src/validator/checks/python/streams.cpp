// Proves: a torch stream that waits for another's event sees what was written before it.
// Control: the same read without waiting, while the writer is still busy.
// Suite: standard
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr int kCount = 1 << 16;

// The writer is kept busy for some 50 ms; the reader's copy takes microseconds.
constexpr const char* kScript = R"py(
if os.environ.get("CUDA_LAUNCH_BLOCKING", "0") not in ("", "0"):
    tell({"blocking": True})
else:
    out = {"blocking": False}
    for name in ("ordered", "unordered"):
        step("two streams, " + name)
        writer, reader, event = torch.cuda.Stream(), torch.cuda.Stream(), torch.cuda.Event()
        x = torch.zeros(asked["count"], device="cuda")
        y = torch.zeros_like(x)
        torch.cuda.synchronize()
        with torch.cuda.stream(writer):
            torch.cuda._sleep(100_000_000)
            x.fill_(float(asked["value"]))
            event.record()
        with torch.cuda.stream(reader):
            if name == "ordered":
                reader.wait_event(event)
            y.copy_(x)
        torch.cuda.synchronize()
        out[name] = [int((y == float(asked["value"])).sum()), int((y == 0).sum())]
    tell(out)
)py";

class Streams : public harness::Check {
  void prepare(harness::Context& context) override {
    need_gpu(context);
    context.session<Session>().warm();
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const auto value = 1 + context.request().seed % 1000;
    const json found = context.session<Session>().ask(context, kScript, {{"count", kCount}, {"value", value}});
    if (found.at("blocking").get<bool>()) {
      throw harness::Skip(
          "CUDA_LAUNCH_BLOCKING is set: every call waits for the GPU, and streams have no order to prove");
    }
    std::string read = "ordered";
    const harness::Control control{"the reader does not wait for the writer's event", 1, [&] { read = "unordered"; },
                                   [&] { read = "ordered"; }};
    result.summary = "the reading stream waited for the writer's event, and goes ahead without it";
    judge(
        result,
        [&] {
          harness::Comparison out;
          out.compared = kCount;
          out.wrong = kCount - found.at(read).at(0).get<std::uint64_t>();
          out.worst = out.wrong > 0 ? 1 : 0;
          out.first = found.at(read).at(1).dump() + " elements are as they were before the writer";
          return out;
        },
        control, protocol::Layer::kImage);
  }
};

ENVFORGE_CHECK(Streams);

}  // namespace
}  // namespace envforge::validator::checks::python
