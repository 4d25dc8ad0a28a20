// Proves: too large an allocation raises OutOfMemoryError, the process computes on rightly, and a memory snapshot shows
//   what was there.
// Control: a snapshot from which the tensor in question is gone; a sum of one number less.
// Suite: standard
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::python {
namespace {

using nlohmann::json;

// Four times the GPU's memory is refused at once, whatever else runs on it. The tensor has a size of its own.
constexpr const char* kScript = R"py(
import pickle, tempfile
memory = torch.cuda.memory
kind = getattr(torch, "OutOfMemoryError", None) or torch.cuda.OutOfMemoryError
snapshots = hasattr(memory, "_dump_snapshot") and hasattr(memory, "_record_memory_history")
out = {"snapshots": snapshots}
if snapshots:
    memory._record_memory_history(max_entries=1000)
step("a tensor of four times the GPU's memory")
tensor = torch.full((asked["bytes"],), 1, dtype=torch.uint8, device="cuda")
try:
    torch.empty(4 * torch.cuda.mem_get_info()[1], dtype=torch.uint8, device="cuda")
except kind as error:
    out["error"] = type(error).__name__
step("computing on after it")
numbers = torch.arange(asked["end"], dtype=torch.int64, device="cuda")
out["sum"] = int(numbers.sum())
out["less"] = int(numbers[:-1].sum())
def dumped():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "snapshot.pickle")
        memory._dump_snapshot(path)
        with open(path, "rb") as file:
            snapshot = pickle.load(file)
    blocks = [block for segment in snapshot["segments"] for block in segment["blocks"]]
    sizes = [block.get("requested_size", block["size"]) for block in blocks if block["state"] == "active_allocated"]
    return {"held": sizes.count(asked["bytes"]),
            "refused": sum(entry["action"] == "oom" for trace in snapshot["device_traces"] for entry in trace)}
if snapshots:
    step("torch.cuda.memory._dump_snapshot")
    out["with"] = dumped()
    del tensor
    out["without"] = dumped()
    memory._record_memory_history(enabled=None)
tell(out)
)py";

class OutOfMemory : public harness::Check {
  void prepare(harness::Context& context) override {
    need_gpu(context);
    context.session<Session>().warm();
  }

  void run(harness::Context& context, protocol::CheckResult& result) override {
    const std::uint64_t bytes = 3000001 + 2 * (context.request().seed % 100000);  // an odd number: nobody else's
    const std::uint64_t end = 100000 + context.request().seed % 1000;
    const json found = context.session<Session>().ask(context, kScript, {{"bytes", bytes}, {"end", end}});
    if (found.count("error") == 0) {
      throw harness::Failure("torch gave a tensor of four times the GPU's memory", protocol::Layer::kImage,
                             "torch.empty(4 * torch.cuda.mem_get_info()[1], device='cuda')",
                             "the allocator that PYTORCH_CUDA_ALLOC_CONF chooses");
    }
    const bool snapshots = found.at("snapshots");
    bool planted = false;
    const harness::Control control{"a snapshot after the tensor is gone, and a sum of one number less",
                                   snapshots ? 2.0 : 1.0, [&] { planted = true; }, [&] { planted = false; }};
    result.summary = found.at("error").get<std::string>() + " was raised, and the process computes on" +
                     (snapshots ? "; the memory snapshot shows the tensor that was there and the refusal"
                                : "; this torch has no memory snapshots");
    judge(
        result,
        [&] {
          harness::Comparison out;
          const auto expect = [&](bool right, const std::string& what) {
            ++out.compared;
            if (right) return;
            ++out.worst;
            if (out.wrong++ == 0) out.first = what;
          };
          const json& sum = found.at(planted ? "less" : "sum");
          expect(sum == end * (end - 1) / 2, "after it a sum is " + sum.dump());
          if (snapshots) {
            const json& snapshot = found.at(planted ? "without" : "with");
            expect(snapshot.at("held") == 1, "the snapshot shows the tensor " + snapshot.at("held").dump() + " times");
            expect(snapshot.at("refused").get<int>() > 0, "the snapshot does not show the refusal");
          }
          return out;
        },
        control, protocol::Layer::kImage);
  }
};

ENVFORGE_CHECK(OutOfMemory);

}  // namespace
}  // namespace envforge::validator::checks::python
