#include <envforge/app/inspect_process.hpp>

#include <algorithm>
#include <set>
#include <system_error>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/secrets.hpp>
#include <envforge/support/text.hpp>

#include "gpu_state.hpp"
#include "loader/owner.hpp"
#include "loader/root.hpp"
#include "proc_files.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
namespace loader = validator::loader;
using support::Error;
using support::ErrorCode;

/// ".../site-packages" of the folders that hold `paths`, and the prefixes above them that conda could have made.
std::vector<std::string> package_folders(const std::vector<MappedFile>& files) {
  std::set<std::string> out;
  for (const auto& file : files) {
    for (const std::string name : {"/site-packages/", "/dist-packages/"}) {
      const auto at = file.path.find(name);
      if (at != std::string::npos) out.insert(file.path.substr(0, at + name.size() - 1));
    }
  }
  return {out.begin(), out.end()};
}

std::vector<std::string> conda_prefixes(const loader::Root& root, const std::vector<MappedFile>& files) {
  std::set<std::string> seen, out;
  for (const auto& file : files) {
    for (std::string folder = loader::parent(file.path); folder.size() > 1; folder = loader::parent(folder)) {
      if (!seen.insert(folder).second) break;
      if (root.is_folder(folder + "/conda-meta")) out.insert(folder);
    }
  }
  return {out.begin(), out.end()};
}

/// The kernel tells paths from our root; of a process with a root of its own below ours (chroot) they begin with that.
/// A container's root is another one altogether: its paths are told as it sees them.
std::string path_inside(const std::string& path, const std::string& own_root) {
  if (own_root.size() > 1 && support::starts_with(path, own_root + "/")) return path.substr(own_root.size());
  return path;
}

/// NCCL's own text in its library: "NCCL version 2.28.9+cuda13.0".
std::string nccl_version_in(const std::string& file) {
  constexpr std::string_view kMark = "NCCL version ";
  std::string content;
  try {
    content = support::read_file(file, 1ULL << 30);
  } catch (const Error&) {
    return "";
  }
  for (auto at = content.find(kMark); at != std::string::npos; at = content.find(kMark, at + 1)) {
    const auto from = at + kMark.size();
    const auto end = content.find_first_not_of("0123456789.+abcdefghijklmnopqrstuvwxyz", from);
    const std::string version = content.substr(from, end - from);
    if (!version.empty() && version[0] >= '0' && version[0] <= '9') return version;
  }
  return "";
}

void read_libraries(const fs::path& folder, InspectedProcess& out) {
  const auto maps = read_proc_file(folder / "maps");
  if (!maps || maps->empty()) {
    out.unread.push_back("its mapped files: " + (folder / "maps").string() + "; its owner and root may read it");
    return;
  }
  const fs::path own_root = folder / "root";
  std::error_code error;
  const std::string root_path = fs::read_symlink(own_root, error).string();
  std::vector<MappedFile> files;
  for (auto& file : executable_maps(*maps)) {
    if (!is_of_cuda_family(file.path)) continue;
    file.path = path_inside(file.path, root_path);
    files.push_back(std::move(file));
  }
  const bool readable = fs::is_directory(own_root / ".", error);
  if (!readable) {
    out.unread.push_back("whose the libraries are: " + own_root.string() + " is not readable; its owner and root may");
  }
  // Without the process's own root the host's files would be taken for its own.
  const loader::Root root(readable ? own_root.string() : "/nonexistent");
  loader::Owners owners(root, package_folders(files), conda_prefixes(root, files));
  for (const auto& file : files) {
    MappedLibrary library{file.path, "", "not known", file.replaced};
    if (readable && !file.replaced) {
      const auto owner = owners.of(file.path);
      library.owner = loader::to_string(owner);
      library.version = loader::library_version(root, file.path, owner);
    }
    if (support::starts_with(loader::file_name(file.path), "libnccl.so")) {
      const auto place = root.on_disk(file.path);
      if (place && !file.replaced) out.nccl = nccl_version_in(*place);
      if (out.nccl.empty()) out.nccl = library.version;
    }
    out.libraries.push_back(std::move(library));
  }
}

void read_environment(const fs::path& folder, InspectedProcess& out) {
  const auto environ = read_proc_file(folder / "environ");
  if (!environ) {
    out.unread.push_back("its environment: " + (folder / "environ").string() + "; its owner and root may read it");
    return;
  }
  out.environment = relevant_environment(*environ);
}

void read_device_files(const fs::path& folder, InspectedProcess& out) {
  std::error_code error;
  std::set<std::string> found;
  for (fs::directory_iterator it(folder / "fd", error), end; !error && it != end; it.increment(error)) {
    std::error_code broken;
    const std::string target = fs::read_symlink(it->path(), broken).string();
    if (support::starts_with(target, "/dev/nvidia")) found.insert(target);
  }
  if (error) out.unread.push_back("its open device files: " + error.message());
  out.device_files.assign(found.begin(), found.end());
}

/// "libnccl.so.2" of "libnccl.so.2.28.9": what the loader asks for.
std::string soname_of(const std::string& path) {
  const std::string name = loader::file_name(path);
  const auto at = name.find(".so");
  if (at == std::string::npos) return name;
  const auto second = name.find('.', at + 4);
  return second == std::string::npos ? name : name.substr(0, second);
}

bool is_in_driver(const ThreadState& thread) {
  const auto named = [](const std::string& text) {
    return text.find("[nvidia") != std::string::npos || support::starts_with(text, "nv_") ||
           support::starts_with(text, "nvidia_") || support::starts_with(text, "uvm_");
  };
  return named(thread.waits_in) || std::any_of(thread.stack.begin(), thread.stack.end(), named);
}

void find_what_stands_out(InspectedProcess& out) {
  std::map<std::string, std::set<std::string>> by_soname;
  for (const auto& library : out.libraries) {
    by_soname[soname_of(library.path)].insert(library.path);
    if (library.replaced) {
      out.findings.push_back(library.path +
                             " was deleted or replaced since it was mapped; the process runs the old one");
    }
  }
  for (const auto& [soname, paths] : by_soname) {
    if (paths.size() > 1) {
      out.findings.push_back("two copies of " + soname +
                             " in one process: " + support::join({paths.begin(), paths.end()}, " and "));
    }
  }
  for (const auto& thread : out.threads) {
    const bool stuck = support::starts_with(thread.state, "D");
    if (!stuck && !is_in_driver(thread)) continue;
    out.findings.push_back("thread " + std::to_string(thread.tid) + " (" + thread.name + ") " +
                           (stuck ? "waits where no signal reaches it" : "waits") +
                           (is_in_driver(thread) ? " inside NVIDIA's driver" : "") +
                           (thread.waits_in.empty() ? "" : ", in " + thread.waits_in));
  }
  if (!out.xids.empty()) {
    out.findings.push_back(std::to_string(out.xids.size()) +
                           " Xids in the kernel's log since boot, the last: " + out.xids.back().line);
  }
}

}  // namespace

InspectedProcess inspect_process(process::ProcessRunner& processes, const fs::path& proc, int pid) {
  const fs::path folder = proc / std::to_string(pid);
  const auto status = read_proc_file(folder / "status");
  if (pid <= 0 || !status) {
    throw Error(ErrorCode::kUsage, "there is no process " + std::to_string(pid), std::nullopt,
                "the number is that of the host: `docker top CONTAINER` and nvidia-smi show it");
  }
  InspectedProcess out;
  out.pid = pid;
  const auto fields = status_fields(*status);
  const auto field = [&](const char* name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  };
  out.name = field("Name");
  out.state = field("State");
  const auto inside = support::split(field("NSpid"), '\t');
  out.pid_inside = inside.empty() || inside.back().empty() ? pid : std::atoi(inside.back().c_str());
  const auto arguments = support::split(read_proc_file(folder / "cmdline").value_or(""), '\0');
  out.command = support::trim(support::join(support::mask_arguments(arguments), " "));
  out.container = container_of(read_proc_file(folder / "cgroup").value_or(""));
  read_libraries(folder, out);
  read_environment(folder, out);
  read_device_files(folder, out);
  bool stacks_readable = false;
  out.threads = read_threads(folder, stacks_readable);
  if (!stacks_readable) out.unread.push_back("the threads' kernel stacks: root may read them");
  out.gpus = ask_gpu_state(processes, pid, out);
  out.xids = ask_xids(processes, out);
  find_what_stands_out(out);
  return out;
}

}  // namespace envforge::app
