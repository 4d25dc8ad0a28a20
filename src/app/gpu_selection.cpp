#include <envforge/app/gpu_selection.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;

bool all_of(const std::string& text, bool (*is)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_uuid_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
}

bool is_device(const std::string& text) {
  if (all_of(text, is_digit)) return text.size() <= 3;
  for (const char* prefix : {"GPU-", "MIG-"}) {
    if (support::starts_with(text, prefix) && text.size() < 64 && all_of(text.substr(4), is_uuid_char)) return true;
  }
  return false;
}

}  // namespace

GpuSelection parse_gpus(const std::string& given) {
  // docker wants a list in quotes of its own: '"device=0,1"'. Both spellings are taken.
  const bool quoted = given.size() > 1 && given.front() == '"' && given.back() == '"';
  const std::string text = quoted ? given.substr(1, given.size() - 2) : given;
  GpuSelection selection;
  if (text == "none") {
    selection.kind = GpuSelection::Kind::kNone;
  } else if (text == "all") {
    selection.kind = GpuSelection::Kind::kAll;
  } else if (text == "idle") {
    selection.kind = GpuSelection::Kind::kIdle;
  } else if (all_of(text, is_digit) && text.size() <= 3 && std::stoi(text) > 0) {
    selection.kind = GpuSelection::Kind::kCount;
    selection.count = std::stoi(text);
  } else if (support::starts_with(text, "device=")) {
    selection.kind = GpuSelection::Kind::kDevices;
    for (const auto& device : support::split(text.substr(7), ',')) {
      if (!is_device(device)) {
        throw Error(ErrorCode::kUsage,
                    "'" + support::printable(device) + "' in --gpus is neither a GPU index nor a UUID", std::nullopt,
                    "write device=0,1 or device=GPU-<uuid>; `nvidia-smi -L` lists them");
      }
      auto& devices = selection.devices;
      if (std::find(devices.begin(), devices.end(), device) != devices.end()) {
        throw Error(ErrorCode::kUsage, "--gpus names GPU " + device + " twice", std::nullopt, "name each GPU once");
      }
      devices.push_back(device);
    }
  } else {
    throw Error(ErrorCode::kUsage, "--gpus does not know '" + support::printable(text) + "'", std::nullopt,
                "write all, none, idle, a number, device=0,1 or device=GPU-<uuid>");
  }
  return selection;
}

GpuInjection parse_injection(const std::string& text) {
  if (text == "auto") return GpuInjection::kAuto;
  if (text == "gpus") return GpuInjection::kGpusFlag;
  if (text == "cdi") return GpuInjection::kCdi;
  throw Error(ErrorCode::kUsage, "--injection does not know '" + support::printable(text) + "'", std::nullopt,
              "write auto, gpus or cdi");
}

namespace {

HostGpus ask_nvidia_smi(process::ProcessRunner& processes) {
  HostGpus host;
  process::Command query;
  query.argv = {"nvidia-smi", "--query-gpu=index,uuid,name,pci.bus_id,driver_version", "--format=csv,noheader"};
  query.deadline = std::chrono::seconds(20);
  const auto listed = processes.run(query);
  if (!listed.ok()) return host;
  host.how = "nvidia-smi";
  for (const auto& line : support::split(listed.out, '\n')) {
    const auto fields = support::split(line, ',');
    if (fields.size() != 5 || !all_of(support::trim(fields[0]), is_digit)) continue;
    host.gpus.push_back({std::stoi(support::trim(fields[0])), support::trim(fields[1]), support::trim(fields[2]),
                         support::trim(fields[3]), false});
    host.driver = support::trim(fields[4]);
  }
  query.argv = {"nvidia-smi", "--query-compute-apps=gpu_uuid", "--format=csv,noheader"};
  const auto used = processes.run(query);
  for (auto& gpu : host.gpus) gpu.busy = used.ok() && used.out.find(gpu.uuid) != std::string::npos;
  return host;
}

// /proc/driver/nvidia/gpus/<bus id>/information has lines "Model: ...", "GPU UUID: ...", "Device Minor: N".
HostGpus read_proc() {
  namespace fs = std::filesystem;
  HostGpus host;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/proc/driver/nvidia/gpus", none)) {
    HostGpu gpu;
    gpu.pci_bus_id = entry.path().filename().string();
    for (const auto& line : support::split(support::read_file(entry.path() / "information", 1 << 16), '\n')) {
      const auto colon = line.find(':');
      if (colon == std::string::npos) continue;
      const std::string key = line.substr(0, colon);
      const std::string value = support::trim(line.substr(colon + 1));
      if (key == "Model") gpu.name = value;
      if (key == "GPU UUID") gpu.uuid = value;
      if (key == "Device Minor" && all_of(value, is_digit)) gpu.index = std::stoi(value);
    }
    host.gpus.push_back(gpu);
  }
  std::sort(host.gpus.begin(), host.gpus.end(), [](const HostGpu& a, const HostGpu& b) { return a.index < b.index; });
  if (host.gpus.empty()) return host;
  host.how = "/proc/driver/nvidia";
  if (fs::exists("/sys/module/nvidia/version", none)) {
    host.driver = support::trim(support::read_file("/sys/module/nvidia/version", 4096));
  }
  return host;
}

// The GPUs of this host that the selection means; empty when the host knows none (a remote engine).
std::vector<HostGpu> chosen(const GpuSelection& selection, const HostGpus& host) {
  std::vector<HostGpu> out;
  for (const auto& gpu : host.gpus) {
    const bool named = std::any_of(selection.devices.begin(), selection.devices.end(), [&](const std::string& device) {
      return device == std::to_string(gpu.index) || device == gpu.uuid;
    });
    switch (selection.kind) {
      case GpuSelection::Kind::kNone:
        break;
      case GpuSelection::Kind::kAll:
        out.push_back(gpu);
        break;
      case GpuSelection::Kind::kIdle:
        if (!gpu.busy) out.push_back(gpu);
        break;
      case GpuSelection::Kind::kCount:
        if (out.size() < static_cast<std::size_t>(selection.count)) out.push_back(gpu);
        break;
      case GpuSelection::Kind::kDevices:
        if (named) out.push_back(gpu);
        break;
    }
  }
  return out;
}

[[noreturn]] void no_gpu(const std::string& what, const std::string& hint) {
  throw Error(ErrorCode::kNoGpu, what, std::nullopt, hint);
}

void check_there_are_enough(const GpuSelection& selection, const HostGpus& host, const std::vector<HostGpu>& gpus) {
  if (host.gpus.empty()) {
    no_gpu("this machine has no NVIDIA GPU that its driver shows (asked nvidia-smi and /proc/driver/nvidia)",
           "run this on a machine with a GPU, or use --gpus none for the checks that need none");
  }
  if (selection.kind == GpuSelection::Kind::kIdle && gpus.empty()) {
    no_gpu("every GPU of this machine is in use",
           "wait, or name one with --gpus device=N: it is then judged for correctness only");
  }
  for (const auto& gpu : gpus) {
    const auto& names = selection.devices;
    const bool by_index = std::find(names.begin(), names.end(), std::to_string(gpu.index)) != names.end();
    if (by_index && std::find(names.begin(), names.end(), gpu.uuid) != names.end()) {
      throw Error(ErrorCode::kUsage, "--gpus names GPU " + std::to_string(gpu.index) + " twice, also as " + gpu.uuid,
                  std::nullopt, "name each GPU once");
    }
  }
  const auto wanted = selection.kind == GpuSelection::Kind::kCount ? static_cast<std::size_t>(selection.count)
                                                                   : selection.devices.size();
  if (gpus.size() < wanted) {
    no_gpu(
        "--gpus asks for " + std::to_string(wanted) + " GPUs; of those this machine has " + std::to_string(gpus.size()),
        "`nvidia-smi -L` lists the GPUs of this machine");
  }
}

}  // namespace

HostGpus host_gpus(process::ProcessRunner& processes) {
  HostGpus host = ask_nvidia_smi(processes);
  return host.gpus.empty() ? read_proc() : host;
}

void check_gpus_here(const GpuSelection& selection, const HostGpus& here, const std::string& devices) {
  if (selection.kind == GpuSelection::Kind::kNone || !here.gpus.empty()) return;
  for (const char* control : {"nvidiactl", "dxg"}) {
    std::error_code none;
    if (std::filesystem::exists(std::filesystem::path(devices) / control, none)) return;
  }
  no_gpu("no NVIDIA GPU is to be seen here (asked nvidia-smi, /proc/driver/nvidia and " + devices + "/nvidiactl)",
         "in a container: docker run --gpus all ..., or --device nvidia.com/gpu=all; --gpus none for the checks that "
         "need no GPU");
}

GpuArguments gpu_arguments(const GpuSelection& selection, const HostGpus& host, const engine::EngineInfo& engine,
                           GpuInjection injection) {
  GpuArguments out;
  if (selection.kind == GpuSelection::Kind::kNone) return out;
  const auto gpus = chosen(selection, host);
  if (!engine.remote) check_there_are_enough(selection, host, gpus);
  if (injection == GpuInjection::kAuto) {
    if (!engine.nvidia_runtime && !engine.cdi) {
      throw Error(ErrorCode::kNoGpuInjection,
                  "the engine " + engine.server_version +
                      " has neither the NVIDIA runtime nor CDI, so no GPU reaches a container");
    }
    injection = engine.nvidia_runtime ? GpuInjection::kGpusFlag : GpuInjection::kCdi;
  }
  std::vector<std::string> names;
  for (const auto& gpu : gpus) {
    names.push_back(std::to_string(gpu.index));
    out.uuids.push_back(gpu.uuid);
  }
  if (gpus.empty()) names = selection.devices;  // a remote engine: what was asked, word for word
  const bool all = selection.kind == GpuSelection::Kind::kAll;
  if (injection == GpuInjection::kGpusFlag) {
    out.how = "--gpus (NVIDIA runtime)";
    // docker reads this value as CSV, so a list needs its quotes.
    const std::string value = all             ? "all"
                              : names.empty() ? std::to_string(selection.count)
                                              : "\"device=" + support::join(names, ",") + "\"";
    out.args = {"--gpus", value};
    return out;
  }
  out.how = "CDI (--device nvidia.com/gpu=...)";
  if (all) names = {"all"};
  for (const auto& name : names) {
    out.args.push_back("--device");
    out.args.push_back("nvidia.com/gpu=" + name);
  }
  return out;
}

GpuLocks::GpuLocks(const std::vector<std::string>& uuids) {
  for (const auto& uuid : uuids) {
    const std::string path = (std::filesystem::temp_directory_path() / ("envforge-" + uuid + ".lock")).string();
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (file < 0) continue;  // an advisory lock that cannot be had must not stop the verification
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      ::close(file);
      for (const int held : files_) ::close(held);
      throw Error(ErrorCode::kGpuInUse, "another envforge verify is using GPU " + uuid);
    }
    files_.push_back(file);
  }
}

GpuLocks::~GpuLocks() {
  for (const int file : files_) ::close(file);
}

}  // namespace envforge::app
