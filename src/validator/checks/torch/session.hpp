// What the checks of the group torch share: the device they work on, and which libraries this process has mapped by
// then. This group is the only code that includes libtorch, and it is compiled against the image's own.
#pragma once

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/Device.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <envforge/support/environment.hpp>
#include <envforge/support/text.hpp>

#include "harness/check.hpp"
#include "harness/context.hpp"
#include "loader/maps.hpp"
#include "loader/owner.hpp"
#include "loader/python_environment.hpp"
#include "loader/root.hpp"
#include "loader/torch_process.hpp"
#include "torch_version.hpp"

namespace envforge::validator::checks::torch {

class Session {
 public:
  explicit Session(harness::Context& context)
      : world_(std::make_unique<World>(context.request().python)), device_(choose(context.request())) {
    preload();
    // Exact checks are about the library, not about TF32: torch's own switches are set to full precision.
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setDeterministicCuDNN(true);
    // Beside a GPU the CPU makes only small references: a pool with a thread for each CPU, in the process of each GPU,
    // would fight for all of them.
    if (device_.is_cuda()) at::set_num_threads(1);
  }

  const c10::Device& device() const { return device_; }
  /// " on the CPU, no GPU was used" or " on the GPU".
  std::string where() const { return device_.is_cuda() ? " on the GPU" : " on the CPU, no GPU was used"; }

  /// Tells the driver of every CUDA and torch library that was mapped since the last call.
  void report_libraries(harness::Context& context) {
    for (const std::string& path : loader::mapped_files_of_this_process()) {
      const std::string name = loader::file_name(path);
      const bool of_torch = name.rfind("libtorch", 0) == 0 || name.rfind("libc10", 0) == 0;
      if ((!of_torch && !loader::is_cuda_library(name)) || !told_.insert(path).second) continue;
      const loader::Owner owner = world_->owners->of(path);
      context.found_library(
          {name, path, loader::library_version(world_->root, path, owner), to_string(owner), world_->rule_of(path)});
    }
  }

 private:
  static c10::Device choose(const protocol::GroupRequest& request) {
    if (request.gpus.empty()) return c10::Device(c10::kCPU);
    if (c10::impl::hasDeviceGuardImpl(c10::kCUDA) && c10::impl::getDeviceGuardImpl(c10::kCUDA)->deviceCount() > 0) {
      return c10::Device(c10::kCUDA, 0);
    }
    throw harness::Failure("torch " + std::string(kTorchVersion) + " sees no GPU, though the driver does",
                           protocol::Layer::kImage,
                           at::hasCUDA() ? "libtorch counts 0 CUDA devices" : "libtorch_cuda.so is not in this process",
                           "a torch built for CUDA in the recipe; the checks of the group cuda say more");
  }

  /// The image's environment with torch, to name owners and rules. The model is of the process that Python would be; a
  /// library that this program got from elsewhere says so.
  struct World {
    explicit World(const std::string& python) {
      const auto environment = support::environment_of(environ);
      const auto torch = loader::find_torch(root, loader::find_python_environments(root, environment, python));
      std::vector<std::string> folders, prefixes;
      if (torch) {
        folders = torch->python.search_path;
        prefixes = {torch->python.prefix};
        const auto machine = loader::machine_of(root, torch->folder + "/lib/libtorch_cpu.so");
        if (machine) {
          loader::Search search(root, environment, *machine);
          process = loader::model_torch_process(search, *torch, kTorchVersion);
        }
      }
      owners = std::make_unique<loader::Owners>(root, folders, prefixes);
    }
    std::string rule_of(const std::string& path) const {
      const auto found = std::find_if(process.mapped.begin(), process.mapped.end(),
                                      [&](const loader::MappedLibrary& one) { return one.path == path; });
      return found == process.mapped.end() ? "not as Python would find it" : found->rule;
    }

    loader::Root root;
    std::unique_ptr<loader::Owners> owners;
    loader::TorchProcess process;
  };

  // What torch/__init__.py maps before torch's first use: NVRTC of CUDA 13 finds its builtins only so, and without them
  // torch compiles no kernel and cuDNN no plan.
  void preload() const {
    for (const loader::MappedLibrary& library : world_->process.mapped) {
      if (library.needed_by == loader::kTorchInit && loader::is_cuda_library(library.soname)) {
        ::dlopen(library.path.c_str(), RTLD_NOW | RTLD_LOCAL);  // one that does not load is no error there either
      }
    }
  }

  std::unique_ptr<World> world_;
  c10::Device device_;
  std::set<std::string> told_;
};

/// The line of a torch error that says what went wrong: one that did not compile begins with the whole source.
inline std::string telling_line(const std::string& text) {
  std::string first;
  for (const std::string& raw : support::split(text, '\n')) {
    const std::string line = support::trim(raw);
    if (line.find("error:") != std::string::npos) return line;
    if (first.empty()) first = line;
  }
  return first;
}

/// A failure of the image, from what torch said: WHAT and the line that tells, the end of the text as evidence.
inline harness::Failure refusal(const std::string& what, const std::string& text) {
  constexpr std::size_t kMost = 1000;
  return harness::Failure(what + telling_line(text), protocol::Layer::kImage,
                          text.size() > kMost ? text.substr(text.size() - kMost) : text,
                          "the libraries of torch and its CUDA build; see the group audit");
}

/// Runs `body`, which calls torch: a c10::Error becomes a failure of the image unless memory was short.
template <class Body>
void with_torch(const Body& body) {
  try {
    body();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    if (text.find("out of memory") != std::string::npos) throw harness::Skip("too little free memory: " + text);
    throw refusal("torch " + std::string(kTorchVersion) + " refused: ", text);
  }
}

/// A check of torch: the session is made before its turn, an error of torch is a failure of the image, and the
/// libraries that torch mapped for it are told after it.
class TorchCheck : public harness::Check {
 public:
  void prepare(harness::Context& context) override {
    with_torch([&] { context.session<Session>(); });
  }
  void run(harness::Context& context, protocol::CheckResult& result) override {
    with_torch([&] { compute(context, result); });
    context.session<Session>().report_libraries(context);
  }

 private:
  virtual void compute(harness::Context& context, protocol::CheckResult& result) = 0;
};

}  // namespace envforge::validator::checks::torch
