// Proves: the GPUs' compute mode lets several processes in; a power limit below the board's own and a driver that is
//   not kept loaded are said, for a site may want them so.
// Control: an exclusive compute mode of the first GPU is put into the copy that is judged.
// Suite: quick
#include <utility>

#include "checks/nvml/session.hpp"
#include "container/report_findings.hpp"

namespace envforge::validator::nvml {
namespace {

using harness::Context;
using protocol::Layer;

class SettingsCheck : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    std::string remark;
    Modes modes;
    for (const Watched& one : session.gpus) {
      const gpu::Settings settings = session.nvml->settings(one.board);
      modes.emplace_back(one.uuid, settings.compute_mode.value_or(gpu::kNvmlComputeModeDefault));
      if (settings.power_limit) {
        result.measurements.push_back({"power limit",
                                       *settings.power_limit / 1000.0,
                                       "W",
                                       watts(settings.default_power_limit),
                                       "the board's own",
                                       {{"gpu", one.uuid}}});
      }
      if (settings.power_limit && settings.default_power_limit &&
          *settings.power_limit < *settings.default_power_limit) {
        remark += "; " + one.uuid + " may draw " + std::to_string(*settings.power_limit / 1000) + " W, the board " +
                  std::to_string(*settings.default_power_limit / 1000) + " W (nvidia-smi -pl)";
      }
      if (settings.persistence && !*settings.persistence) {
        remark +=
            "; persistence mode of " + one.uuid + " is off: the first call after a pause is slow (nvidia-smi -pm 1)";
      }
    }
    result.summary = "compute mode is the default one" +
                     (remark.empty() ? ", power limit and persistence as they should be" : remark);
    const int kept = modes.front().second;
    container::report_findings(
        result, [&] { return judge(modes); }, modes.size(),
        {"the first GPU in an exclusive mode", 1, [&] { modes.front().second = gpu::kNvmlComputeModeDefault + 3; },
         [&] { modes.front().second = kept; }},
        Layer::kHostDriver, "nvmlDeviceGetComputeMode");
  }

 private:
  using Modes = std::vector<std::pair<std::string, int>>;  // by UUID

  static std::vector<container::Finding> judge(const Modes& modes) {
    std::vector<container::Finding> out;
    for (const auto& [uuid, mode] : modes) {
      if (mode == gpu::kNvmlComputeModeDefault) continue;
      out.push_back({uuid + ": compute mode is not DEFAULT: one process at most, or none, may use it",
                     "nvidia-smi -i " + uuid + " -c DEFAULT", true});
    }
    return out;
  }

  static std::optional<double> watts(std::optional<unsigned int> milliwatts) {
    if (!milliwatts) return std::nullopt;
    return *milliwatts / 1000.0;
  }
};
ENVFORGE_CHECK(SettingsCheck);

}  // namespace
}  // namespace envforge::validator::nvml
