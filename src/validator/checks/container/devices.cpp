// Proves: the device files that CUDA needs are in the container and this user may open them.
// Control: none, open(2) on the real file answers by itself.
// Suite: quick
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "container/limits.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using harness::Failure;
using protocol::Layer;

void must_open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd >= 0) {
    close(fd);
    return;
  }
  const auto finding = container::judge_device(path, errno);
  throw Failure(finding.what, Layer::kContainerFlags, "open(2)", finding.mend);
}

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
    must_open("/dev/nvidiactl");
    if (gpus.empty()) must_open("/dev/nvidia0");
    for (const auto& path : gpus) must_open(path);
    must_open("/dev/nvidia-uvm");
    result.verdict = protocol::Verdict::kPass;
    result.summary = "/dev/nvidiactl, /dev/nvidia-uvm and " + std::to_string(gpus.size()) + " GPUs can be opened";
  }
};
ENVFORGE_CHECK(Devices);

}  // namespace
}  // namespace envforge::validator
