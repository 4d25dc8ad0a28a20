// Proves: CUDA sees the GPUs that were asked for, by number and by UUID.
// Control: a GPU that is not there is put into the copy of the request that is judged, and one more into the number of
//   GPUs where it names one.
// Suite: quick
//
// Also tells the driver which GPUs there are.
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <envforge/support/environment.hpp>
#include <envforge/support/text.hpp>

#include "checks/container/driver_files.hpp"
#include "container/environment_rules.hpp"
#include "container/limits.hpp"
#include "container/report_findings.hpp"
#include "gpu/identity.hpp"
#include "gpu/image_libraries.hpp"
#include "harness/check.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using harness::Failure;
using protocol::Layer;

protocol::MachineInfo machine_without_gpus() {
  protocol::MachineInfo machine;
  utsname names{};
  if (uname(&names) == 0) {
    machine.kernel = names.release;
    machine.hostname = names.nodename;
  }
  return machine;
}

// GPUs that are cut into slices, of which CUDA sees none: a whole one in MIG mode runs nothing.
void explain_slices() {
  const auto nvml = gpu::Nvml::start();
  const auto sliced = nvml ? nvml->sliced_gpus() : std::vector<std::string>{};
  if (sliced.empty()) return;
  throw Failure("MIG mode is on for " + support::join(sliced, ", ") + ", and the container was given no slice of it",
                Layer::kContainerFlags, "nvmlDeviceGetMigMode",
                "docker run --gpus device=MIG-..., a slice of `nvidia-smi -L` on the host; `nvidia-smi mig -cgi 0 -C` "
                "there makes one, `nvidia-smi -i " +
                    sliced.front() + " -mig 0` ends MIG mode");
}

// A list of GPUs of which none is there, by the number of those that are.
bool names_no_gpu(const std::string& list, std::size_t count) {
  const std::string first = support::trim(list.substr(0, list.find(',')));
  constexpr std::size_t kMostDigits = 4;
  if (first.empty() || first.size() > kMostDigits) return false;  // a UUID, of which CUDA takes the beginning too
  return first.find_first_not_of("0123456789") == std::string::npos && std::stoul(first) >= count;
}

// The variable that decides which GPUs CUDA sees; it is the image's where nobody else set it.
void explain_variable(const Context& context) {
  const auto environment = support::environment_of(environ);
  auto hidden = container::hidden_gpus(environment);
  const auto nvml = gpu::Nvml::start();
  const auto list = environment.find("CUDA_VISIBLE_DEVICES");
  if (!hidden && nvml && nvml->count() > 0 && list != environment.end() && names_no_gpu(list->second, nvml->count())) {
    hidden = {"CUDA_VISIBLE_DEVICES='" + support::printable(list->second) +
                  "' begins with a GPU that is not among the " + std::to_string(nvml->count()) + " of this container",
              container::without_variable(list->first), true};
  }
  if (!hidden) return;
  throw Failure(hidden->what, context.request().flags_are_the_runs ? Layer::kContainerFlags : Layer::kImage,
                "the environment of the container's first process", hidden->mend);
}

// No device file, or none that may be opened.
void explain_device_files(const std::string& trouble) {
  if (access("/dev/dxg", F_OK) == 0) return;
  if (access("/dev/nvidiactl", F_OK) != 0) {
    throw Failure("no GPU is visible: the container has no /dev/nvidiactl", Layer::kContainerFlags, trouble,
                  "docker run --gpus all ..., or --device nvidia.com/gpu=all");
  }
  std::vector<std::string> paths = container::gpu_device_files();
  paths.insert(paths.begin(), "/dev/nvidiactl");
  const auto closed = container::closed_devices(paths);
  if (!closed.empty()) throw Failure(closed[0].what, Layer::kContainerFlags, "open(2); " + trouble, closed[0].mend);
}

constexpr const char* kCapabilities = "NVIDIA_DRIVER_CAPABILITIES";
constexpr const char* kWithCapabilities = "docker run -e NVIDIA_DRIVER_CAPABILITIES=compute,utility --gpus all ...";

void explain_capabilities(const std::string& trouble) {
  const char* value = std::getenv(kCapabilities);
  const auto missing = container::missing_capabilities(value == nullptr ? "" : value);
  if (missing.empty()) return;
  throw Failure(std::string(kCapabilities) + "='" + support::printable(value) + "' leaves out " +
                    support::join(missing, " and ") + ", so the host's libraries for it are not in the container",
                Layer::kContainerFlags, trouble, kWithCapabilities);
}

[[noreturn]] void explain_missing_library(const std::string& trouble) {
  explain_device_files(trouble);
  if (const auto found = why_not_loaded(trouble)) throw Failure(found->what, found->layer, "dlopen", found->mend);
  explain_capabilities(trouble);
  const std::string what = "the GPU's device files are in the container, and its driver's library does not load";
  const char* value = std::getenv(kCapabilities);
  if (value == nullptr) throw Failure(what, Layer::kContainerFlags, trouble, kWithCapabilities);
  throw Failure(what, Layer::kContainerFlags, trouble + "; " + kCapabilities + "='" + support::printable(value) + "'",
                "docker run --gpus all ..., for --device alone brings no library");
}

// The library is there and finds no GPU: each cause has its own mend.
[[noreturn]] void explain_absence(const Context& context, const std::string& trouble) {
  if (access("/dev/nvidiactl", F_OK) == 0) explain_variable(context);
  explain_slices();
  explain_device_files(trouble);
  explain_capabilities(trouble);
  throw Failure(
      "the GPU's device files can be opened, and the driver finds no GPU: " + trouble, Layer::kHostDriver,
      "neither CUDA_VISIBLE_DEVICES nor MIG mode hides one",
      "nvidia-smi and dmesg | grep -i xid on the host: a GPU that was lost, or a driver that does not fit it");
}

class Gpus : public harness::Check {
 public:
  void run(Context& context, protocol::CheckResult& result) override {
    protocol::MachineInfo machine = machine_without_gpus();
    // Reported before the driver library is asked: its answer may never come.
    context.found_machine(machine);
    if (context.request().expected_gpus == 0) throw harness::Skip("the run was asked not to use a GPU");
    const gpu::SharedLibrary library = gpu::open_driver_library("libcuda.so.1");
    if (!library.ok()) explain_missing_library(library.error());
    const gpu::CudaApi api = gpu::bind_cuda(library);
    context.doing("cuInit");
    const int status = api.cuInit(0);
    if (status == gpu::kCudaNoDevice) explain_absence(context, api.text_of(status));
    api.check(status, "cuInit");
    look(context, api, machine);
    judge(context, machine, result);
  }

 private:
  static void look(Context& context, const gpu::CudaApi& api, protocol::MachineInfo& machine) {
    context.doing("nvmlInit");
    const auto nvml = gpu::Nvml::start();
    if (nvml) machine.driver = nvml->driver_version();
    int version = 0;
    api.check(api.cuDriverGetVersion(&version), "cuDriverGetVersion");
    machine.cuda_driver = gpu::cuda_version_text(version);
    int count = 0;
    api.check(api.cuDeviceGetCount(&count), "cuDeviceGetCount");
    for (int i = 0; i < count; ++i) {
      context.doing("asking GPU " + std::to_string(i));
      machine.gpus.push_back(gpu::describe_gpu(api, i, nvml ? &*nvml : nullptr));
    }
    context.found_machine(machine);
  }

  static void judge(const Context& context, const protocol::MachineInfo& machine, protocol::CheckResult& result) {
    const protocol::GroupRequest& request = context.request();
    const auto count = static_cast<int>(machine.gpus.size());
    result.measurements.push_back({"GPUs", static_cast<double>(count), "", {}, "cuDeviceGetCount", {}});
    if (count == 0) explain_absence(context, "cuDeviceGetCount says 0");
    if (request.expected_gpus > count) explain_slices();
    result.summary = std::to_string(count) + " x " + machine.gpus.front().name + ", driver " + machine.driver;
    Wanted wanted{request.expected_gpus, request.expected_uuids};
    const bool counted = wanted.count > 0;
    const auto plant = [&] {
      wanted.uuids.emplace_back("GPU-that-is-not-there");
      if (counted) ++wanted.count;
    };
    const auto undo = [&] { wanted = {request.expected_gpus, request.expected_uuids}; };
    container::report_findings(
        result, [&] { return compare(wanted, machine); }, wanted.uuids.size() + 1,
        {counted ? "a GPU that is not there, and one more in number" : "a GPU that is not there", counted ? 2.0 : 1.0,
         plant, undo},
        Layer::kContainerFlags, "cuDeviceGetCount and cuDeviceGetUuid");
  }

  struct Wanted {
    int count;  // 0 or less: any
    std::vector<std::string> uuids;
  };

  static std::vector<container::Finding> compare(const Wanted& wanted, const protocol::MachineInfo& machine) {
    std::vector<container::Finding> out;
    const auto count = static_cast<int>(machine.gpus.size());
    if (wanted.count > 0 && count != wanted.count) {
      const std::string number = std::to_string(wanted.count);
      out.push_back(
          {std::to_string(count) + " GPUs are visible, expected " + number, "docker run --gpus " + number, true});
    }
    for (const auto& uuid : wanted.uuids) {
      const bool there = std::any_of(machine.gpus.begin(), machine.gpus.end(),
                                     [&](const protocol::GpuInfo& gpu) { return gpu.uuid == uuid; });
      if (there) continue;
      out.push_back({"GPU " + uuid + " was asked for and is not visible", "docker run --gpus device=" + uuid, true});
    }
    return out;
  }
};
ENVFORGE_CHECK(Gpus);

}  // namespace
}  // namespace envforge::validator
