#include "container/environment_rules.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <envforge/support/text.hpp>

#include "container/limits.hpp"

namespace envforge::validator::container {
namespace {

bool is_on(const std::string& value) {
  return !value.empty() && value != "0";
}
bool is_set(const std::string& value) {
  return !value.empty();
}
bool is_below_100(const std::string& value) {
  return !value.empty() && std::strtod(value.c_str(), nullptr) < 100;
}
bool is_eager(const std::string& value) {
  return value == "EAGER";
}
bool is_trace(const std::string& value) {
  return support::to_lower(value) == "trace";
}

// torch reads "NAME:VALUE,NAME:VALUE"; which names it knows is its release's affair.
bool has_no_setting(const std::string& value) {
  return !value.empty() && value.find(':') == std::string::npos;
}
// A list of positive numbers, one for each level of nesting.
bool is_no_thread_count(const std::string& value) {
  if (value.empty()) return false;
  for (const std::string& one : support::split(value, ',')) {
    const std::string word = support::trim(one);
    if (word.empty() || word.find_first_not_of("0123456789") != std::string::npos) return true;
    if (word.find_first_not_of('0') == std::string::npos) return true;
  }
  return false;
}
bool is_no_device_order(const std::string& value) {
  return !value.empty() && value != "FASTEST_FIRST" && value != "PCI_BUS_ID";
}
bool lacks_compute(const std::string& value) {
  const auto missing = missing_capabilities(value);
  return std::find(missing.begin(), missing.end(), "compute") != missing.end();
}

struct Rule {
  const char* name;
  bool (*odd)(const std::string& value);
  const char* what;
  bool severe;
};

// CUDA's: CUDA C++ Programming Guide, "CUDA Environment Variables", and the MPS guide; NCCL's: NCCL User Guide,
// "Environment Variables"; PyTorch's: "CUDA Environment Variables" of its documentation. From general knowledge of
// these, written 2026-11-21; what each does to a run is stated, no threshold is.
constexpr Rule kRules[] = {
    {"CUDA_FORCE_PTX_JIT", is_on, "forbids machine code, and torch's wheels have no PTX: no kernel will start", true},
    {"CUDA_LAUNCH_BLOCKING", is_on, "makes the host wait for every kernel: everything runs slower", false},
    {"CUDA_INJECTION64_PATH", is_set, "loads a tool into every CUDA process", false},
    {"NVTX_INJECTION64_PATH", is_set, "loads a tool into every process that uses NVTX", false},
    {"COMPUTE_PROFILE", is_on, "profiles every CUDA process", false},
    {"CUDA_MODULE_LOADING", is_eager, "loads every kernel at start: seconds and hundreds of MB for each process",
     false},
    {"CUDA_MPS_ACTIVE_THREAD_PERCENTAGE", is_below_100, "leaves a part of the GPU's SMs unused", false},
    {"NVIDIA_TF32_OVERRIDE", is_set, "decides over TF32 in every library, whatever the program asks for", false},
    {"PYTORCH_NO_CUDA_MEMORY_CACHING", is_on, "turns torch's memory cache off: each tensor calls the driver", false},
    {"PYTHONHOME", is_set, "makes Python take its library from elsewhere", false},
    {"NCCL_P2P_DISABLE", is_on, "keeps NCCL from copying between GPUs directly: NVLink is not used", false},
    {"NCCL_SHM_DISABLE", is_on, "keeps NCCL from shared memory: processes of one machine talk over the network", false},
    {"NCCL_ALGO", is_set, "takes the choice of the algorithm from NCCL", false},
    {"NCCL_PROTO", is_set, "takes the choice of the protocol from NCCL", false},
    {"NCCL_DEBUG", is_trace, "writes a line for every call", false},
    {"PYTORCH_CUDA_ALLOC_CONF", has_no_setting,
     "is no setting of torch's memory (NAME:VALUE): torch ends at its first use", true},
    {"PYTORCH_ALLOC_CONF", has_no_setting, "is no setting of torch's memory (NAME:VALUE): torch ends at its first use",
     true},
    {"OMP_NUM_THREADS", is_no_thread_count, "is no number of threads: OpenMP takes one for each CPU instead", false},
    {"CUDA_DEVICE_ORDER", is_no_device_order, "is neither FASTEST_FIRST nor PCI_BUS_ID: CUDA takes FASTEST_FIRST",
     false},
    {"NVIDIA_DRIVER_CAPABILITIES", lacks_compute,
     "leaves out compute: `docker run --gpus all` brings no libcuda into the container", true},
    {"NCCL_NVLS_ENABLE", is_on, "forces NVLink multicast, which fails in containers without its device files", false},
};

// NCCL reads these with strtoll and takes its default when there is no number.
constexpr const char* kNcclNumbers[] = {
    "NCCL_P2P_DISABLE", "NCCL_SHM_DISABLE",   "NCCL_IB_DISABLE",    "NCCL_NVLS_ENABLE",  "NCCL_CUMEM_ENABLE",
    "NCCL_BUFFSIZE",    "NCCL_MIN_NCHANNELS", "NCCL_MAX_NCHANNELS", "NCCL_NET_GDR_READ", "NCCL_IB_TIMEOUT"};

constexpr const char* kNcclFiles[] = {"NCCL_TOPO_FILE", "NCCL_GRAPH_FILE", "NCCL_CONF_FILE"};

std::string shown(const std::string& name, const std::string& value) {
  return name + "='" + support::printable(value) + "'";
}

void judge_nccl(const Surroundings& around, std::vector<Finding>& out) {
  for (const char* name : kNcclNumbers) {
    const auto found = around.environment.find(name);
    if (found == around.environment.end() || found->second.empty()) continue;
    char* end = nullptr;
    errno = 0;
    std::strtoll(found->second.c_str(), &end, 0);
    if (errno == 0 && end != found->second.c_str()) continue;
    out.push_back({shown(name, found->second) + " is no number: NCCL takes its default instead",
                   "write 0 or 1: docker run -e " + std::string(name) + "=1 ...", false});
  }
  for (const char* name : kNcclFiles) {
    const auto found = around.environment.find(name);
    if (found == around.environment.end() || found->second.empty() || around.exists(found->second)) continue;
    out.push_back({shown(name, found->second) + " names a file that is not there",
                   "docker run -v " + found->second + ":" + found->second + ":ro ..., or " + without_variable(name),
                   true});
  }
}

// "eth", "=eth0", "^docker,lo": prefixes, exact names, or those to leave out (NCCL User Guide, NCCL_SOCKET_IFNAME).
void judge_interface(const Surroundings& around, std::vector<Finding>& out) {
  for (const char* name : {"NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME"}) {
    const auto found = around.environment.find(name);
    if (found == around.environment.end() || found->second.empty() || around.interfaces.empty()) continue;
    std::string list = found->second;
    if (list.front() == '^') continue;
    const bool exact = list.front() == '=' || std::string(name) == "GLOO_SOCKET_IFNAME";
    if (list.front() == '=') list.erase(0, 1);
    const auto wanted = support::split(list, ',');
    const bool any = std::any_of(wanted.begin(), wanted.end(), [&](const std::string& one) {
      return std::any_of(around.interfaces.begin(), around.interfaces.end(), [&](const std::string& there) {
        return exact ? there == one : support::starts_with(there, one);
      });
    });
    if (any) continue;
    out.push_back({shown(name, found->second) + " names no interface of this container, which has " +
                       support::join(around.interfaces, ", "),
                   "docker run --network host ..., or " + without_variable(name), true});
  }
}

void judge_pythonpath(const Surroundings& around, std::vector<Finding>& out) {
  const auto found = around.environment.find("PYTHONPATH");
  if (found == around.environment.end()) return;
  for (const std::string& folder : support::split(found->second, ':')) {
    for (const char* package : {"/torch/version.py", "/nvidia"}) {
      if (folder.empty() || !around.exists(folder + package)) continue;
      out.push_back({"PYTHONPATH puts " + folder + " before the environment's own packages, and it holds " +
                         (std::string(package) == "/nvidia" ? "NVIDIA's libraries" : "a torch"),
                     without_variable("PYTHONPATH"), false});
    }
  }
}

}  // namespace

std::optional<Finding> hidden_gpus(const std::map<std::string, std::string>& environment) {
  const auto found = environment.find("CUDA_VISIBLE_DEVICES");
  if (found == environment.end()) return std::nullopt;
  const std::string& value = found->second;
  if (!value.empty() && value.front() != '-' && value != "NoDevFiles" && value != "none") return std::nullopt;
  return Finding{shown(found->first, value) + " hides every GPU from CUDA, though nvidia-smi still lists them",
                 without_variable(found->first), true};
}

std::vector<Finding> judge_environment(const Surroundings& around) {
  std::vector<Finding> out;
  if (const auto hidden = hidden_gpus(around.environment)) out.push_back(*hidden);
  for (const Rule& rule : kRules) {
    const auto found = around.environment.find(rule.name);
    if (found == around.environment.end() || !rule.odd(found->second)) continue;
    out.push_back({shown(rule.name, found->second) + " " + rule.what, without_variable(rule.name), rule.severe});
  }
  judge_nccl(around, out);
  judge_interface(around, out);
  judge_pythonpath(around, out);
  return out;
}

std::size_t known_variables() {
  constexpr std::size_t kOthers = 4;  // CUDA_VISIBLE_DEVICES, PYTHONPATH and the two of network interfaces
  std::size_t count = std::size(kRules) + std::size(kNcclFiles) + kOthers;
  for (const char* name : kNcclNumbers) {
    const bool ruled = std::any_of(std::begin(kRules), std::end(kRules),
                                   [&](const Rule& rule) { return std::string(rule.name) == name; });
    if (!ruled) ++count;
  }
  return count;
}

}  // namespace envforge::validator::container
