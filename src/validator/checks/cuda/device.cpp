// Proves: a context opens on the GPU that this group was given, and no other, and our machine code loads there.
// Control: another UUID and another compute capability are put into the copy that is judged.
// Suite: quick
#include <envforge/support/text.hpp>

#include "container/report_findings.hpp"
#include "gpu/identity.hpp"
#include "gpu/session.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

class DeviceCheck : public harness::Check {
 public:
  void prepare(Context& context) override { context.session<gpu::Session>(); }
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<gpu::Session>();
    const gpu::Device& device = session.device();
    const protocol::GpuInfo& wanted = context.request().gpus.front();
    const protocol::GpuInfo seen = gpu::describe_gpu(session.cuda(), 0, session.nvml() ? &*session.nvml() : nullptr);
    session.kernels();  // our machine code loads on it
    const auto slice = session.nvml() ? session.nvml()->slice(session.nvml()->device(seen.uuid)) : std::nullopt;
    result.measurements.push_back({"multiprocessors", static_cast<double>(device.multiprocessors()), "", {}, "", {}});
    result.measurements.push_back({"memory", static_cast<double>(seen.memory_bytes), "bytes", {}, "", {}});
    if (slice) expect_of_slice(*slice, result);
    result.measurements.push_back({"free memory", static_cast<double>(device.free_bytes()), "bytes", {}, "", {}});
    result.summary = seen.name + ", compute capability " + seen.compute_capability;
    if (slice) {
      result.summary += ", a slice (MIG) with " + std::to_string(slice->multiprocessors) + " multiprocessors and " +
                        support::human_bytes(slice->memory_mib << 20);
    }
    protocol::GpuInfo judged = seen;
    const auto plant = [&] {
      judged.uuid += "0";
      judged.compute_capability += "0";
    };
    container::report_findings(
        result, [&] { return compare(wanted, judged); }, 2,
        {"another UUID and another compute capability", 2, plant, [&] { judged = seen; }}, protocol::Layer::kHostDriver,
        "CUDA_VISIBLE_DEVICES names one GPU by its UUID");
  }

 private:
  static std::vector<container::Finding> compare(const protocol::GpuInfo& wanted, const protocol::GpuInfo& got) {
    const std::string mend = "nvidia-smi -L on the host, and the container started again with its GPUs by UUID";
    std::vector<container::Finding> out;
    if (got.uuid != wanted.uuid) out.push_back({"asked for " + wanted.uuid + ", got " + got.uuid, mend, true});
    if (got.compute_capability != wanted.compute_capability) {
      out.push_back({wanted.uuid + " has compute capability " + wanted.compute_capability + ", got one of " +
                         got.compute_capability,
                     mend, true});
    }
    return out;
  }

  // What NVML says that the slice was given; CUDA keeps some of the memory for itself.
  static void expect_of_slice(const gpu::NvmlSlice& slice, protocol::CheckResult& result) {
    for (protocol::Measurement& m : result.measurements) {
      m.expected = m.name == "memory" ? static_cast<double>(slice.memory_mib << 20) : slice.multiprocessors;
      m.derivation = "nvmlDeviceGetAttributes of the slice (MIG)";
    }
  }
};
ENVFORGE_CHECK(DeviceCheck);

}  // namespace
}  // namespace envforge::validator
