// Proves: torch's caching allocator gives no memory twice, counts what is in use, and returns what it took.
// Control: the counters are read while one tensor is still there.
// Suite: standard
#include <numeric>

#include "harness/control.hpp"
#include "numbers/element.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

constexpr std::size_t kTensors = 40;

// Every other tensor goes, others come into the holes; then each must still hold its own number.
constexpr const char* kScript = R"py(
import gc
def now():
    torch.cuda.synchronize()
    return {"allocated": torch.cuda.memory_allocated(), "reserved": torch.cuda.memory_reserved()}
step("torch.cuda.memory: allocating")
torch.zeros(1, device="cuda")
gc.collect()
torch.cuda.empty_cache()
backend = getattr(torch.cuda, "get_allocator_backend", lambda: "native")()
out = {"native": backend == "native", "begin": now()}
held = {}
def take(i):
    held[i] = torch.full((asked["sizes"][i],), i, dtype=torch.uint8, device="cuda")
count = len(asked["sizes"])
for i in range(0, count, 2):
    take(i)
for i in range(0, count, 4):
    del held[i]
for i in range(1, count, 2):
    take(i)
for i in range(0, count, 4):
    take(i)
out["full"] = now()
out["wrong"] = sum(int((tensor != i).sum()) for i, tensor in held.items())
step("torch.cuda.memory: returning")
for i in list(held)[1:]:
    del held[i]
torch.cuda.empty_cache()
out["one left"] = now()
held.clear()
out["cached"] = now()
torch.cuda.empty_cache()
out["end"] = now()
del held
tell(out)
)py";

class Allocator : public harness::Check {
  void prepare(harness::Context& context) override {
    need_gpu(context);
    context.session<Session>().warm();
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    // Bytes: small ones share a block of 2 MiB, large ones get their own.
    std::vector<std::uint64_t> sizes;
    const auto base = numbers::stream_base(context.request().seed, 6);
    for (std::size_t i = 0; i < kTensors; ++i)
      sizes.push_back(1 + numbers::bits_at(base, i) % (i % 2 == 0 ? 5000 : 9000000));
    const json found = context.session<Session>().ask(context, kScript, {{"sizes", sizes}});
    const auto asked = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
    const bool native = found.at("native");
    std::string last = "end";
    const harness::Control control{"the counters read while one tensor is still there", 1, [&] { last = "one left"; },
                                   [&] { last = "end"; }};
    result.summary = std::to_string(kTensors) + " tensors of " + std::to_string(asked >> 20) +
                     " MiB kept their contents, and their memory was returned" +
                     (native ? " to the driver" : "; another allocator than torch's own keeps it in its pool");
    judge(
        result, [&] { return compare(found, last, asked, native); }, control, protocol::Layer::kImage);
  }

  static harness::Comparison compare(const json& found, const std::string& last, std::uint64_t asked, bool native) {
    harness::Comparison out;
    const auto is = [&](const std::string& when, const char* what) {
      return found.at(when).at(what).get<std::int64_t>();
    };
    const auto expect = [&](bool right, const std::string& what) {
      ++out.compared;
      if (right) return;
      out.worst = 1;
      if (out.wrong++ == 0) out.first = what;
    };
    expect(found.at("wrong") == 0, found.at("wrong").dump() + " bytes of one tensor hold what belongs to another");
    expect(is("full", "allocated") - is("begin", "allocated") >= static_cast<std::int64_t>(asked),
           "fewer bytes are counted as allocated than were asked for");
    expect(is("full", "reserved") >= is("full", "allocated"), "more is allocated than is reserved");
    const auto left = [&](const char* what) { return is(last, what) - is("begin", what); };
    expect(left("allocated") == 0, std::to_string(left("allocated")) + " bytes are still allocated at the end");
    if (native)
      expect(left("reserved") == 0, std::to_string(left("reserved")) + " bytes are still reserved at the end");
    return out;
  }
};

ENVFORGE_CHECK(Allocator);

}  // namespace
}  // namespace envforge::validator::checks::python
