// Proves: since the driver was loaded no GPU met a memory error that it could not correct, and no row of memory waits
//   to be remapped or could not be.
// Control: none, NVML's counters are read as they are.
// Suite: quick
#include "checks/nvml/session.hpp"

namespace envforge::validator::nvml {
namespace {

using harness::Context;
using harness::Failure;
using protocol::Layer;

class MemoryErrors : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    unsigned long long corrected = 0;
    bool all_have_ecc = true;
    for (const Watched& one : session.gpus) {
      context.doing("asking NVML for the memory errors of " + one.uuid);
      const gpu::MemoryHealth health = session.nvml->memory_health(one.board);
      all_have_ecc = all_have_ecc && health.ecc.value_or(false);
      corrected += health.corrected_now.value_or(0);
      const auto note = [&](const char* name, std::optional<unsigned long long> count) {
        if (count) result.measurements.push_back({name, static_cast<double>(*count), "", {}, "", {{"gpu", one.uuid}}});
      };
      note("uncorrected errors since the driver was loaded", health.uncorrected_now);
      note("uncorrected errors ever", health.uncorrected_ever);
      note("corrected errors since the driver was loaded", health.corrected_now);
      if (health.remapped_rows) note("rows remapped", *health.remapped_rows);
      judge(one.uuid, health);
    }
    result.verdict = protocol::Verdict::kPass;
    result.summary =
        all_have_ecc ? "ECC is on, no uncorrected error" : "no uncorrected error is known; ECC is off or absent";
    if (corrected > 0) result.summary += ", " + std::to_string(corrected) + " corrected";
  }

 private:
  static void judge(const std::string& uuid, const gpu::MemoryHealth& health) {
    if (health.remap_failed) {
      throw Failure(uuid + ": a row of its memory could not be remapped", Layer::kHardware, "nvmlDeviceGetRemappedRows",
                    "replace the GPU");
    }
    if (health.remap_pending || health.retirement_pending) {
      throw Failure(uuid + ": memory waits to be taken out of use", Layer::kHardware,
                    "nvmlDeviceGetRemappedRows, nvmlDeviceGetRetiredPagesPendingStatus",
                    "nvidia-smi --gpu-reset -i " + uuid);
    }
    if (health.uncorrected_now.value_or(0) > 0) {
      throw Failure(uuid + ": " + std::to_string(*health.uncorrected_now) +
                        " memory errors that could not be corrected since the driver was loaded",
                    Layer::kHardware, "nvmlDeviceGetTotalEccErrors", "nvidia-smi --gpu-reset -i " + uuid);
    }
  }
};
ENVFORGE_CHECK(MemoryErrors);

}  // namespace
}  // namespace envforge::validator::nvml
