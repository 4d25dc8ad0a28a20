// Proves: the GPUs' compute mode lets several processes in; a power limit below the board's own and a driver that is
//   not kept loaded are said, for a site may want them so.
// Control: none, NVML's answers are read as they are.
// Suite: quick
#include "checks/nvml/session.hpp"

namespace envforge::validator::nvml {
namespace {

using harness::Context;
using protocol::Layer;

class SettingsCheck : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    auto& session = context.session<Session>();
    result.verdict = protocol::Verdict::kPass;
    std::string remark;
    for (const Watched& one : session.gpus) {
      const gpu::Settings settings = session.nvml->settings(one.board);
      if (settings.compute_mode.value_or(gpu::kNvmlComputeModeDefault) != gpu::kNvmlComputeModeDefault) {
        throw harness::Failure(one.uuid + ": compute mode is not DEFAULT: one process at most, or none, may use it",
                               Layer::kHostDriver, "nvmlDeviceGetComputeMode",
                               "nvidia-smi -i " + one.uuid + " -c DEFAULT");
      }
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
  }

 private:
  static std::optional<double> watts(std::optional<unsigned int> milliwatts) {
    if (!milliwatts) return std::nullopt;
    return *milliwatts / 1000.0;
  }
};
ENVFORGE_CHECK(SettingsCheck);

}  // namespace
}  // namespace envforge::validator::nvml
