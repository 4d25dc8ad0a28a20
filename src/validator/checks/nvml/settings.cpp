// Proves: the GPUs' compute mode lets several processes in; a power limit or a clock for applications below the board's
//   own, and a driver that is not kept loaded, are said, for a site may want them so.
// Control: an exclusive compute mode of the first GPU is put into the copy that is judged.
// Suite: quick
#include <set>
#include <utility>

#include <envforge/support/text.hpp>

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
    std::set<std::string> untold;
    Modes modes;
    for (const Watched& one : session.gpus) {
      const gpu::Settings settings = session.nvml->settings(one.board);
      modes.emplace_back(one.uuid, settings.compute_mode);
      if (!settings.compute_mode) untold.insert("compute mode");
      if (!settings.power_limit || !settings.default_power_limit) untold.insert("power limit");
      if (!settings.persistence) untold.insert("persistence mode");
      if (settings.power_limit) {
        result.measurements.push_back({"power limit",
                                       *settings.power_limit / 1000.0,
                                       "W",
                                       watts(settings.default_power_limit),
                                       "the board's own",
                                       {{"gpu", one.uuid}}});
      }
      remark += remark_on(one.uuid, settings);
    }
    std::vector<std::string> parts;
    if (untold.count("compute mode") == 0) parts.emplace_back("compute mode is the default one");
    if (remark.empty() && untold.empty()) parts.emplace_back("power limit and persistence as they should be");
    if (!untold.empty()) {
      parts.push_back("not told by the driver: " + support::join({untold.begin(), untold.end()}, " and "));
    }
    result.summary = support::join(parts, ", ") + remark;
    const auto kept = modes.front().second;
    container::report_findings(
        result, [&] { return judge(modes); }, modes.size(),
        {"the first GPU in an exclusive mode", 1, [&] { modes.front().second = gpu::kNvmlComputeModeExclusiveProcess; },
         [&] { modes.front().second = kept; }},
        Layer::kHostDriver, "nvmlDeviceGetComputeMode");
  }

 private:
  using Modes = std::vector<std::pair<std::string, std::optional<int>>>;  // by UUID

  // "; ..." for each setting that makes the GPU slower than it could be.
  static std::string remark_on(const std::string& uuid, const gpu::Settings& settings) {
    std::string out;
    if (settings.power_limit && settings.default_power_limit && *settings.power_limit < *settings.default_power_limit) {
      out += "; " + uuid + " may draw " + std::to_string(*settings.power_limit / 1000) + " W, the board " +
             std::to_string(*settings.default_power_limit / 1000) + " W (nvidia-smi -pl)";
    }
    if (settings.application_clock && settings.default_application_clock &&
        *settings.application_clock < *settings.default_application_clock) {
      out += "; the clock for applications of " + uuid + " was set to " + std::to_string(*settings.application_clock) +
             " MHz, the board's own is " + std::to_string(*settings.default_application_clock) + " (nvidia-smi -rac)";
    }
    if (settings.persistence && !*settings.persistence) {
      out += "; persistence mode of " + uuid + " is off: the first call after a pause is slow (nvidia-smi -pm 1)";
    }
    return out;
  }

  static std::vector<container::Finding> judge(const Modes& modes) {
    std::vector<container::Finding> out;
    for (const auto& [uuid, mode] : modes) {
      const std::string mend = "nvidia-smi -i " + uuid + " -c DEFAULT";
      if (!mode || *mode == gpu::kNvmlComputeModeDefault) continue;
      if (*mode == gpu::kNvmlComputeModeProhibited) {
        out.push_back({uuid + ": compute mode is PROHIBITED: no process may use it", mend, true});
      } else {
        out.push_back({uuid + ": compute mode is exclusive, as sites with a scheduler set it: one process at a time "
                              "may use it, and what starts several on one GPU fails",
                       mend, false});
      }
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
