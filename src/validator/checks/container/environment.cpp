// Proves: no environment variable hides the GPUs, forces slow paths or names what is not there.
// Control: a CUDA_VISIBLE_DEVICES that hides every GPU is put into the copy that is judged.
// Suite: quick
#include "container/environment_rules.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>

#include <envforge/support/environment.hpp>

#include "container/report_findings.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using container::Surroundings;

std::vector<std::string> network_interfaces() {
  std::vector<std::string> out;
  DIR* folder = opendir("/sys/class/net");
  if (folder == nullptr) return out;
  while (const dirent* entry = readdir(folder)) {
    if (entry->d_name[0] != '.') out.emplace_back(entry->d_name);
  }
  closedir(folder);
  std::sort(out.begin(), out.end());
  return out;
}

class Environment : public harness::Check {
 public:
  void run(harness::Context& context, protocol::CheckResult& result) override {
    Surroundings around;
    around.environment = support::environment_of(environ);
    if (context.request().flags_are_the_runs) around.interfaces = network_interfaces();
    around.exists = [](const std::string& path) { return access(path.c_str(), F_OK) == 0; };
    const auto kept = around.environment;
    const harness::Control control{"CUDA_VISIBLE_DEVICES=-1", 1,
                                   [&] {
                                     around.environment["CUDA_VISIBLE_DEVICES"] = "-1";
                                     around.environment["CUDA_FORCE_PTX_JIT"] = "1";
                                   },
                                   [&] { around.environment = kept; }};
    result.summary = "none of the " + std::to_string(container::known_variables()) + " known variables is set to harm";
    // With flags of verify's own every variable is the image's.
    const auto layer =
        context.request().flags_are_the_runs ? protocol::Layer::kContainerFlags : protocol::Layer::kImage;
    container::report_findings(
        result, [&] { return container::judge_environment(around); }, container::known_variables(), control, layer,
        "the environment of the container's first process");
  }
};
ENVFORGE_CHECK(Environment);

}  // namespace
}  // namespace envforge::validator
