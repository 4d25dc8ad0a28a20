// Proves: torch, its CUDA and every wheel have the versions of the lock, and those that torch's own metadata pins.
// Control: torch.__version__ is read as one release later.
// Suite: quick
//
// Versions come from the wheels' METADATA and torch/version.py; nothing is imported.
#include <envforge/support/text.hpp>

#include "audit/installed.hpp"
#include "harness/check.hpp"
#include "harness/control.hpp"
#include "session.hpp"

namespace envforge::validator::checks::audit {
namespace {

using validator::audit::Inventory;

class Installed : public harness::Check {
  void run(harness::Context& context, protocol::CheckResult& result) override {
    Inventory inventory = context.session<Session>().inventory();
    const auto& expected = context.request().expected_versions;
    const auto found = compare_versions(inventory, expected);
    if (found.from_expected + found.from_pins == 0) {
      throw harness::Skip("there is no lock to compare with, and torch's metadata pins nothing");
    }
    const auto compare = [&] {
      const auto again = compare_versions(inventory, expected);
      harness::Comparison comparison;
      comparison.compared = again.from_expected + again.from_pins;
      comparison.wrong = again.differences.size();
      comparison.worst = static_cast<double>(comparison.wrong);
      return comparison;
    };
    const std::string version = inventory.torch_version;
    const harness::Control control{"torch.__version__ one release later", 1,
                                   [&] { inventory.torch_version = "999." + version; },
                                   [&] { inventory.torch_version = version; }};
    result.summary =
        "torch " + version + ", CUDA " + (inventory.cuda_version.empty() ? "none" : inventory.cuda_version) +
        part(inventory, ", cuDNN ", "nvidia-cudnn-cu") + part(inventory, ", NCCL ", "nvidia-nccl-cu") + ": " +
        (expected.empty() ? "no lock to compare with" : std::to_string(found.from_expected) + " versions of the lock") +
        ", " + std::to_string(found.from_pins) + " of torch's own pins";
    judge(result, compare, control, protocol::Layer::kImage);
    if (result.verdict != protocol::Verdict::kFail) return;
    result.reason = support::join(found.differences, "; ");
    result.evidence = inventory.torch.folder + "/version.py and the wheels' METADATA";
    result.mend = "build the image again from its lock; a later pip install changed it";
  }

  static std::string part(const Inventory& inventory, const std::string& label, const std::string& prefix) {
    for (const auto& distribution : inventory.distributions) {
      if (support::starts_with(distribution.name, prefix)) return label + distribution.version;
    }
    return "";
  }
};

ENVFORGE_CHECK(Installed);

}  // namespace
}  // namespace envforge::validator::checks::audit
