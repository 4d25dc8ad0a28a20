// Proves: libcuda loads, is no stub and fits the kernel module where both tell their versions, and the mount that
//   supplied it is known.
// Control: another version of the kernel module, or a stub's path where a version is not known, is put into the copy
//   that is judged.
// Suite: quick
//
// A stub, a copy baked into the image, or a cuda-compat package are the usual reasons why CUDA does not start although
// nvidia-smi looks fine.
#include <envforge/support/text.hpp>

#include "checks/container/driver_files.hpp"
#include "container/report_findings.hpp"
#include "gpu/image_libraries.hpp"
#include "harness/check.hpp"
#include "loader/root.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using harness::Failure;
using protocol::Layer;

// "580.159.04" of the kernel module, from "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.159.04  ...".
std::string module_version() {
  for (const auto& word : support::split(loader::Root().read("/proc/driver/nvidia/version").value_or(""), ' ')) {
    const bool number = !word.empty() && word.find_first_not_of("0123456789.") == std::string::npos;
    if (number && word.find('.') != std::string::npos) return word;
  }
  return "";
}

// The libcuda that is loaded, and the kernel module that it talks to; "" = not known, for `mount`: none of the
// engine's.
struct Supplied {
  std::string path, mount, version, module;

  bool is_stub() const { return path.find("/stubs/") != std::string::npos; }
  // Forward compatibility is a newer libcuda over an older module, on purpose.
  bool is_compat() const { return path.find("compat") != std::string::npos; }
  bool versions_count() const { return !version.empty() && !module.empty() && !is_compat(); }
  // "; not compared ..." where a pass does not say that the versions fit.
  std::string not_compared() const {
    if (versions_count()) return "";
    const std::string what = "; its version was not compared with the kernel module's: ";
    if (is_compat()) return what + "cuda-compat is newer on purpose";
    return what + (module.empty() ? "/proc/driver/nvidia/version does not tell that" : "its file's name tells none");
  }
  Layer layer_at_fault() const { return is_stub() || mount.empty() ? Layer::kImage : Layer::kHostDriver; }
};

std::vector<container::Finding> judge(const Supplied& it) {
  if (it.is_stub()) {
    return {{"libcuda is the toolkit's stub " + it.path, "take the folder `stubs` out of LD_LIBRARY_PATH in the image",
             true}};
  }
  if (!it.versions_count() || it.version == it.module) return {};
  if (it.mount.empty()) {
    return {{"the image brings its own libcuda " + it.version + ", the host's kernel module is " + it.module,
             "remove the driver's packages from the image", true}};
  }
  return {{"libcuda is " + it.version + ", the kernel module " + it.module,
           "reboot the host after its driver was updated", true}};
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
      if (const auto trouble = why_not_loaded(library.error())) {
        throw Failure(trouble->what, trouble->layer, "dlopen", trouble->mend);
      }
      throw Failure("libcuda.so.1 does not load: " + library.error(), Layer::kContainerFlags, "dlopen",
                    "docker run --gpus all ...; an image whose loader looks elsewhere needs "
                    "LD_LIBRARY_PATH=/usr/local/nvidia/lib64");
    }
    const loader::Root root;
    const std::string file = library.file_of("cuInit");
    const std::string path = root.real(file).value_or(file);
    const Supplied real{path, container::mount_of(path, mountinfo()), version_in(path), module_version()};
    context.found_library({"libcuda.so.1", path, real.version, real.mount.empty() ? "the image" : "the host",
                           real.mount.empty() ? "dlopen by soname" : "dlopen by soname; mounted at " + real.mount});
    result.summary = path + (real.mount.empty() ? ", from the image" : ", from the host") +
                     (real.module.empty() ? "" : ", kernel module " + real.module) + real.not_compared();
    Supplied judged = real;
    const auto plant = [&] {
      if (real.versions_count()) {
        judged.module += ".1";
      } else {
        judged.path = "/usr/local/cuda/lib64/stubs/libcuda.so.1";
      }
    };
    container::report_findings(
        result, [&] { return judge(judged); }, 1,
        {real.versions_count() ? "another version of the kernel module" : "the path of a stub", 1, plant,
         [&] { judged = real; }},
        real.layer_at_fault(),
        path + (real.mount.empty() ? " lies on no mount of the engine" : " and /proc/driver/nvidia/version"));
  }

 private:
  static std::string version_in(const std::string& path) {
    const auto at = path.rfind(".so.");
    const std::string version = at == std::string::npos ? "" : path.substr(at + 4);
    return version == "1" ? "" : version;
  }
};
ENVFORGE_CHECK(DriverLibraries);

}  // namespace
}  // namespace envforge::validator
