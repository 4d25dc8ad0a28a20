// Proves: no library of the NVIDIA driver that the loader would find lies in the image itself; the host supplies them.
// Control: a libcuda.so.1 of the image's own is put into the list that is judged.
// Suite: quick
#include <fstream>

#include "checks/container/driver_files.hpp"
#include "container/report_findings.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

class BakedDriver : public harness::Check {
 public:
  // Elsewhere (a machine itself, a cluster's pod) a library on no mount need not be the image's.
  std::optional<std::string> skip_reason(harness::Context&) override {
    if (std::ifstream("/.dockerenv") || std::ifstream("/run/.containerenv")) return std::nullopt;
    return "not in a container that Docker or Podman started: whose the files are is not known";
  }

  void run(harness::Context&, protocol::CheckResult& result) override {
    auto files = driver_files();
    const auto kept = files;
    const harness::Control control{
        "a libcuda.so.1 of the image's own", 1,
        [&] {
          files.push_back({"libcuda.so.1", "/envforge-planted/libcuda.so.1", "ld.so.cache", "none", ""});
        },
        [&] { files = kept; }};
    std::vector<std::string> supplied;
    for (const auto& file : files) {
      if (!file.mount.empty()) supplied.push_back(file.path + " mounted at " + file.mount);
    }
    result.summary = supplied.empty() ? "none within reach" : "from the host: " + support::join(supplied, ", ");
    container::report_findings(
        result, [&] { return container::judge_driver_files(files); }, files.size() + 1, control,
        protocol::Layer::kImage, "the loader's rules and /proc/self/mountinfo");
  }
};
ENVFORGE_CHECK(BakedDriver);

}  // namespace
}  // namespace envforge::validator
