#include "container/limits.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <envforge/support/text.hpp>

namespace envforge::validator::container {
namespace {

struct Call {
  const char* name;
  long number;
  long arguments[4];
  const char* consequence;
};

// Numbers are the same on x86-64 and arm64 from 424 on (the unified table); the C library of an old build machine may
// not name them. glibc falls back on ENOSYS only: a profile that answers EPERM breaks the call.
constexpr long kClone3 = 435, kFaccessat2 = 439;

const Call kCalls[] = {
    {"clone3", kClone3, {0, 0, 0, 0}, "glibc 2.34 and later cannot start threads"},
    {"faccessat2", kFaccessat2, {-1, 0, 0, 0}, "glibc 2.33 and later cannot test files for access"},
    {"statx", SYS_statx, {-1, 0, 0, 0}, "glibc 2.28 and later cannot read file times"},
    {"memfd_create", SYS_memfd_create, {0, 0, 0, 0}, "memory cannot be shared between processes by descriptor"},
};

}  // namespace

std::optional<long> pids_limit(const std::string& text) {
  const std::string word = support::trim(text);
  if (word.empty() || word.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return std::strtol(word.c_str(), nullptr, 10);
}

std::optional<PidsLimit> lowest_pids_limit(const std::string& cgroups, const std::string& mounted) {
  std::optional<PidsLimit> lowest;
  const auto look = [&](const std::string& folder) {
    const std::string path = folder + "/pids.max";
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    const auto limit = pids_limit(line);
    if (limit && (!lowest || *limit < lowest->limit)) lowest = PidsLimit{*limit, path};
  };
  for (const std::string& line : support::split(cgroups, '\n')) {
    // "12:pids:/a/b" of version 1, "0::/a/b" of version 2.
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers != "pids") continue;
    const std::string root = mounted + (controllers.empty() ? "" : "/pids");
    // A cgroup outside of this namespace begins with "/..": nothing of it can be read here, nor of what does not exist.
    std::string path = line.substr(second + 1);
    if (path.find("..") != std::string::npos) path.clear();
    for (; !path.empty() && path != "/"; path.erase(path.rfind('/'))) look(root + path);
    look(root);
  }
  return lowest;
}

std::vector<std::string> gpu_device_files(const std::string& folder) {
  std::vector<std::string> out;
  DIR* files = opendir(folder.c_str());
  if (files == nullptr) return out;
  while (const dirent* entry = readdir(files)) {
    const std::string name = entry->d_name;
    const std::string digits = support::starts_with(name, "nvidia") ? name.substr(6) : "";
    if (!digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos) {
      out.push_back(folder + "/" + name);
    }
  }
  closedir(files);
  return out;
}

std::uint64_t shm_of_nccl(std::size_t gpus) {
  constexpr std::uint64_t kSegment = 9637888, kChannels = 2;
  return gpus < 2 ? 0 : gpus * kChannels * kSegment;
}

std::vector<Finding> judge_shm(std::uint64_t bytes, std::size_t gpus) {
  const std::string has = "/dev/shm has " + support::human_bytes(bytes) + ": ";
  // NVIDIA's NCCL guide advises 1 GiB in containers (troubleshooting, shared memory).
  const std::string mend = "docker run --shm-size 1g ..., or `run: {shm: 1g}` in the recipe";
  const std::uint64_t needed = shm_of_nccl(gpus);
  if (bytes < needed) {
    return {{has + "NCCL needs about " + support::human_bytes(needed) + " for " + std::to_string(gpus) +
                 " GPUs that reach each other through host memory, data loaders more",
             mend, false}};
  }
  if (bytes <= kDockersShm) return {{has + "too little for data loaders with workers and for NCCL", mend, false}};
  return {};
}

std::vector<Finding> judge_pids(std::optional<long> limit, const std::string& source, long needed) {
  if (!limit || *limit > needed) return {};
  return {{"only " + std::to_string(*limit) + " processes and threads are allowed (" + source +
               "); torch starts one thread for each of " + std::to_string(needed) + " CPUs before any data loader",
           "docker run --pids-limit -1 ..., --ulimit nproc=-1", false}};
}

std::vector<Finding> judge_memlock(std::optional<std::uint64_t> limit) {
  if (!limit) return {};
  return {{"only " + std::to_string(*limit) + " bytes may be locked; RDMA registers more",
           "docker run --ulimit memlock=-1 ...", false}};
}

std::string namespace_owner(const std::string& kind, const std::string& link) {
  const struct {
    const char *kind, *first;
  } rows[] = {{"ipc", "4026531839"}, {"uts", "4026531838"}, {"user", "4026531837"}, {"pid", "4026531836"}};
  for (const auto& row : rows) {
    if (kind != row.kind || link.find('[') == std::string::npos) continue;
    return link.find(std::string("[") + row.first + "]") != std::string::npos ? "the kernel's first" : "own";
  }
  return "";
}

std::vector<RefusedCall> refused_calls() {
  std::vector<RefusedCall> out;
  for (const Call& call : kCalls) {
    errno = 0;
    const long answer =
        syscall(call.number, call.arguments[0], call.arguments[1], call.arguments[2], call.arguments[3]);
    if (answer < 0 && errno == EPERM) out.push_back({call.name, call.consequence});
  }
  return out;
}

Finding judge_device(const std::string& path, int error) {
  if (error == ENOENT) {
    return {path + " is not in the container",
            "docker run --gpus all ..., and `nvidia-modprobe -u -c=0` on the host for nvidia-uvm", true};
  }
  if (error == EPERM) {
    return {"the device cgroup does not allow " + path + ", though the file is there",
            "start the container again; `systemctl daemon-reload` on the host takes devices from running ones", true};
  }
  return {path + " cannot be opened: " + std::strerror(error),
          "run as a user who may open it, or give it the mode 0666 on the host", true};
}

std::vector<Finding> closed_devices(const std::vector<std::string>& paths) {
  std::vector<Finding> out;
  for (const auto& path : paths) {
    const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) {
      out.push_back(judge_device(path, errno));
    } else {
      close(fd);
    }
  }
  return out;
}

std::vector<std::string> missing_capabilities(const std::string& value) {
  std::vector<std::string> out;
  const auto given = support::split(value, ',');
  const auto holds = [&](const char* name) {
    for (const std::string& one : given) {
      if (support::trim(one) == name) return true;
    }
    return false;
  };
  if (support::trim(value).empty() || holds("all")) return out;
  for (const char* name : {"compute", "utility"}) {
    if (!holds(name)) out.emplace_back(name);
  }
  return out;
}

std::vector<Finding> judge_refused(const std::vector<RefusedCall>& refused) {
  std::vector<Finding> out;
  for (const RefusedCall& call : refused) {
    out.push_back(
        {"the seccomp profile answers " + call.name + " with EPERM: " + call.consequence,
         "update the engine (Docker 20.10.10 knows the call), or docker run --security-opt seccomp=unconfined", true});
  }
  return out;
}

}  // namespace envforge::validator::container
