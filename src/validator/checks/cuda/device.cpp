// Proves: a context opens on the GPU that this group was given, and no other, and our machine code loads there.
// Control: none, the GPU's own UUID is compared with the request.
// Suite: quick
#include <envforge/support/text.hpp>

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
    if (seen.uuid != wanted.uuid || seen.compute_capability != wanted.compute_capability) {
      throw harness::Failure("asked for " + wanted.uuid + " (" + wanted.compute_capability + "), got " + seen.uuid +
                                 " (" + seen.compute_capability + ")",
                             protocol::Layer::kHostDriver, "CUDA_VISIBLE_DEVICES names one GPU by its UUID", "");
    }
    session.kernels();  // our machine code loads on it
    const auto slice = session.nvml() ? session.nvml()->slice(session.nvml()->device(seen.uuid)) : std::nullopt;
    result.measurements.push_back({"multiprocessors", static_cast<double>(device.multiprocessors()), "", {}, "", {}});
    result.measurements.push_back({"memory", static_cast<double>(seen.memory_bytes), "bytes", {}, "", {}});
    if (slice) expect_of_slice(*slice, result);
    result.measurements.push_back({"free memory", static_cast<double>(device.free_bytes()), "bytes", {}, "", {}});
    result.verdict = protocol::Verdict::kPass;
    result.summary = seen.name + ", compute capability " + seen.compute_capability;
    if (slice) {
      result.summary += ", a slice (MIG) with " + std::to_string(slice->multiprocessors) + " multiprocessors and " +
                        support::human_bytes(slice->memory_mib << 20);
    }
  }

 private:
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
