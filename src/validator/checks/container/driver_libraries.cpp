// Proves: libcuda loads, is no stub and fits the kernel module, and the mount that supplied it is known.
// Control: none, paths and versions are read and compared as they are.
// Suite: quick
//
// A stub, a copy baked into the image, or a cuda-compat package are the usual reasons why CUDA does not start although
// nvidia-smi looks fine.
#include <fstream>
#include <sstream>

#include <envforge/support/text.hpp>

#include "container/search_path.hpp"
#include "gpu/image_libraries.hpp"
#include "harness/check.hpp"
#include "loader/root.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using harness::Failure;
using protocol::Layer;

std::string text_of_file(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// "580.159.04" of the kernel module, from "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.159.04  ...".
std::string module_version() {
  for (const auto& word : support::split(text_of_file("/proc/driver/nvidia/version"), ' ')) {
    const bool number = !word.empty() && word.find_first_not_of("0123456789.") == std::string::npos;
    if (number && word.find('.') != std::string::npos) return word;
  }
  return "";
}

class DriverLibraries : public harness::Check {
 public:
  std::optional<std::string> skip_reason(Context& context) override {
    if (context.request().expected_gpus == 0) return "the run was asked not to use a GPU";
    return std::nullopt;
  }

  void run(Context& context, protocol::CheckResult& result) override {
    const gpu::SharedLibrary library = gpu::open_driver_library("libcuda.so.1");
    if (!library.ok()) {
      throw Failure("libcuda.so.1 does not load: " + library.error(), Layer::kContainerFlags, "dlopen",
                    "docker run --gpus all ...; an image whose loader looks elsewhere needs "
                    "LD_LIBRARY_PATH=/usr/local/nvidia/lib64");
    }
    const loader::Root root;
    const std::string file = library.file_of("cuInit");
    const std::string path = root.real(file).value_or(file);
    const std::string mount = container::mount_of(path, text_of_file("/proc/self/mountinfo"));
    const std::string version = version_in(path);
    const std::string module = module_version();
    context.found_library({"libcuda.so.1", path, version, mount.empty() ? "the image" : "the host",
                           mount.empty() ? "dlopen by soname" : "dlopen by soname; mounted at " + mount});
    judge(path, mount, version, module);
    result.verdict = protocol::Verdict::kPass;
    result.summary = path + (mount.empty() ? ", from the image" : ", from the host") +
                     (module.empty() ? "" : ", kernel module " + module);
  }

 private:
  static std::string version_in(const std::string& path) {
    const auto at = path.rfind(".so.");
    const std::string version = at == std::string::npos ? "" : path.substr(at + 4);
    return version == "1" ? "" : version;
  }

  static void judge(const std::string& path, const std::string& mount, const std::string& version,
                    const std::string& module) {
    if (path.find("/stubs/") != std::string::npos) {
      throw Failure("libcuda is the toolkit's stub " + path, Layer::kImage, "its path",
                    "take the folder `stubs` out of LD_LIBRARY_PATH in the image");
    }
    // Forward compatibility is a newer libcuda over an older module, on purpose.
    const bool compat = path.find("compat") != std::string::npos;
    if (version.empty() || module.empty() || version == module || compat) return;
    if (mount.empty()) {
      throw Failure("the image brings its own libcuda " + version + ", the host's kernel module is " + module,
                    Layer::kImage, path + " lies on no mount of the engine",
                    "remove the driver's packages from the image");
    }
    throw Failure("libcuda is " + version + ", the kernel module " + module, Layer::kHostDriver,
                  path + " and /proc/driver/nvidia/version", "reboot the host after its driver was updated");
  }
};
ENVFORGE_CHECK(DriverLibraries);

}  // namespace
}  // namespace envforge::validator
