// Proves: no library of the NVIDIA driver that the loader would find lies in the image itself; the host supplies them.
// Control: a libcuda.so.1 of the image's own is put into the list that is judged.
// Suite: quick
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "container/report_findings.hpp"
#include "container/search_path.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

std::string mountinfo() {
  std::ifstream file("/proc/self/mountinfo");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class BakedDriver : public harness::Check {
 public:
  // Elsewhere (a machine itself, a cluster's pod) a library on no mount need not be the image's.
  std::optional<std::string> skip_reason(harness::Context&) override {
    if (std::ifstream("/.dockerenv") || std::ifstream("/run/.containerenv")) return std::nullopt;
    return "not in a container that Docker or Podman started: whose the files are is not known";
  }

  void run(harness::Context&, protocol::CheckResult& result) override {
    const char* path = std::getenv("LD_LIBRARY_PATH");
    auto files =
        container::find_driver_files(loader::Root(), {{"LD_LIBRARY_PATH", path == nullptr ? "" : path}}, mountinfo());
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
