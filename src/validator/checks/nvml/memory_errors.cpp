// Proves: since the driver was loaded no GPU met a memory error that it could not correct, and no row of memory waits
//   to be remapped or could not be.
// Control: one error that could not be corrected is put into the copy that is judged.
// Suite: quick
#include <utility>

#include "checks/nvml/session.hpp"
#include "container/report_findings.hpp"

namespace envforge::validator::nvml {
namespace {

using harness::Context;
using protocol::Layer;

class MemoryErrors : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    std::vector<std::pair<std::string, gpu::MemoryHealth>> healths;
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
      healths.emplace_back(one.uuid, health);
    }
    result.summary =
        all_have_ecc ? "ECC is on, no uncorrected error" : "no uncorrected error is known; ECC is off or absent";
    if (corrected > 0) result.summary += ", " + std::to_string(corrected) + " corrected";
    const auto kept = healths.front().second.uncorrected_now;
    container::report_findings(
        result, [&] { return judge(healths); }, healths.size(),
        {"one error more of the first GPU", 1, [&] { healths.front().second.uncorrected_now = kept.value_or(0) + 1; },
         [&] { healths.front().second.uncorrected_now = kept; }},
        Layer::kHardware, "nvmlDeviceGetRemappedRows, -RetiredPagesPendingStatus and -TotalEccErrors");
  }

 private:
  static std::vector<container::Finding> judge(const std::vector<std::pair<std::string, gpu::MemoryHealth>>& healths) {
    std::vector<container::Finding> out;
    for (const auto& [uuid, health] : healths) {
      const std::string reset = "nvidia-smi --gpu-reset -i " + uuid;
      if (health.remap_failed)
        out.push_back({uuid + ": a row of its memory could not be remapped", "replace the GPU", true});
      if (health.remap_pending || health.retirement_pending) {
        out.push_back({uuid + ": memory waits to be taken out of use", reset, true});
      }
      if (health.uncorrected_now.value_or(0) > 0) {
        out.push_back({uuid + ": " + std::to_string(*health.uncorrected_now) +
                           " memory errors that could not be corrected since the driver was loaded",
                       reset, true});
      }
    }
    return out;
  }
};
ENVFORGE_CHECK(MemoryErrors);

}  // namespace
}  // namespace envforge::validator::nvml
