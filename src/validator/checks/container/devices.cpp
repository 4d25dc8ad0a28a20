// Proves: the device files that CUDA needs are in the container and this user may open them.
// Control: a device file that is not there is opened with the others.
// Suite: quick
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "container/limits.hpp"
#include "container/report_findings.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;

constexpr const char* kNoDevice = "/dev/nvidia-that-is-not-there";

// What /proc/self/status says of seccomp and no_new_privs: noted, for it explains other failures.
void note_confinement(protocol::CheckResult& result) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    for (const char* name : {"NoNewPrivs", "Seccomp"}) {
      const std::string start = std::string(name) + ":\t";
      if (line.rfind(start, 0) != 0) continue;
      result.measurements.push_back({name, std::atof(line.c_str() + start.size()), "", {}, "/proc/self/status", {}});
    }
  }
}

class Devices : public harness::Check {
 public:
  std::optional<std::string> skip_reason(Context& context) override {
    if (context.request().expected_gpus == 0) return "the run was asked not to use a GPU";
    if (access("/dev/dxg", F_OK) == 0) return "WSL: the GPU comes through /dev/dxg";
    return std::nullopt;
  }
  void run(Context&, protocol::CheckResult& result) override {
    note_confinement(result);
    const auto gpus = container::gpu_device_files();
    std::vector<std::string> paths = {"/dev/nvidiactl"};
    if (gpus.empty()) paths.emplace_back("/dev/nvidia0");
    paths.insert(paths.end(), gpus.begin(), gpus.end());
    paths.emplace_back("/dev/nvidia-uvm");
    result.summary = "/dev/nvidiactl, /dev/nvidia-uvm and " + std::to_string(gpus.size()) + " GPUs can be opened";
    container::report_findings(
        result, [&] { return container::closed_devices(paths); }, paths.size(),
        {"a device file that is not there", 1, [&] { paths.emplace_back(kNoDevice); }, [&] { paths.pop_back(); }},
        protocol::Layer::kContainerFlags, "open(2)");
  }
};
ENVFORGE_CHECK(Devices);

}  // namespace
}  // namespace envforge::validator
