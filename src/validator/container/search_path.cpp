#include "container/search_path.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>

#include "loader/owner.hpp"
#include "loader/search.hpp"
#include "loader/torch_process.hpp"

namespace envforge::validator::container {
namespace {

/// The first library of CUDA, or of the driver, in a folder; "" = none.
std::string cuda_library_in(const loader::Root& root, const std::string& folder) {
  for (const std::string& name : root.list(folder)) {
    if (!loader::is_library_name(name)) continue;
    if (loader::is_cuda_library(name) || support::starts_with(name, "libcuda.so")) return name;
  }
  return "";
}

bool is_stub(const std::string& path) {
  return path.find("/stubs/") != std::string::npos;
}

bool is_compat(const std::string& path) {
  return path.find("/compat/") != std::string::npos;
}

}  // namespace

std::vector<Finding> judge_search_path(const loader::Root& root, const loader::Environment& environment,
                                       const std::string& working_folder) {
  std::vector<Finding> out;
  const std::string value = loader::variable(environment, "LD_LIBRARY_PATH");
  if (value.empty()) return out;
  const std::string quoted = "LD_LIBRARY_PATH='" + support::printable(value) + "'";
  bool here = false;
  for (const std::string& entry : support::split(value, ':')) {
    if (entry.empty()) {
      here = true;
    } else if (entry.front() != '/' && entry.front() != '$') {
      out.push_back({quoted + " has the relative entry '" + support::printable(entry) +
                         "': which library wins depends on the working folder",
                     "write whole paths: ENV LD_LIBRARY_PATH=/...", false});
    } else if (support::ends_with("/" + loader::file_name(loader::normal(entry)), "/stubs") &&
               !cuda_library_in(root, entry).empty()) {
      out.push_back({quoted + " names " + entry + ", whose " + cuda_library_in(root, entry) +
                         " is a stub that only serves to link",
                     "take " + entry + " out of LD_LIBRARY_PATH", true});
    }
  }
  if (!here) return out;
  const std::string library = cuda_library_in(root, working_folder);
  out.push_back({quoted + " has an empty entry, which means the working folder" +
                     (library.empty() ? "" : ": " + library + " in " + working_folder + " wins over the image's"),
                 "ENV LD_LIBRARY_PATH=/folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}, without a colon at an end",
                 !library.empty()});
  return out;
}

std::string mount_of(const std::string& path, const std::string& mountinfo) {
  std::string best;
  for (const auto& line : support::split(mountinfo, '\n')) {
    const auto fields = support::split(line, ' ');
    if (fields.size() < 5) continue;
    const std::string& point = fields[4];
    const bool holds =
        point != "/" && (path == point || (support::starts_with(path, point) && path[point.size()] == '/'));
    if (holds && point.size() > best.size()) best = point;
  }
  return best;
}

std::vector<DriverFile> find_driver_files(const loader::Root& root, const loader::Environment& environment,
                                          const std::string& mountinfo) {
  std::vector<DriverFile> out;
  const auto machine = loader::machine_of(root, "/proc/self/exe");
  loader::Search search(root, environment, machine.value_or(62));
  loader::Owners owners(root, {}, {});
  for (const char* soname : {"libcuda.so.1", "libnvidia-ml.so.1", "libnvidia-ptxjitcompiler.so.1"}) {
    for (const auto& found : search.find(soname, {})) {
      out.push_back(
          {soname, found.path, found.rule, to_string(owners.of(found.path)), mount_of(found.path, mountinfo)});
    }
  }
  return out;
}

std::vector<Finding> judge_driver_files(const std::vector<DriverFile>& files) {
  std::vector<Finding> out;
  for (const DriverFile& file : files) {
    if (!file.mount.empty() || is_compat(file.path)) continue;
    const std::string package = file.owner.substr(0, file.owner.rfind(' '));
    const bool apt = support::starts_with(file.owner, "apt ");
    if (is_stub(file.path)) {
      out.push_back({file.path + " is a stub that only serves to link, and the loader finds it by " + file.rule,
                     "take the folder `stubs` out of LD_LIBRARY_PATH and of /etc/ld.so.conf.d, then run ldconfig",
                     true});
      continue;
    }
    out.push_back({"the image brings " + file.path + " (" + file.owner + "), a library of the driver, found by " +
                       file.rule + ": it must come from the host and be the kernel module's version",
                   apt ? "apt-get remove " + package.substr(4) + " in the image (recipe: packages)"
                       : "rm " + file.path + " in the image",
                   true});
  }
  return out;
}

std::optional<LoadTrouble> judge_not_loaded(const std::string& message, const std::vector<DriverFile>& files,
                                            const std::string& mountinfo) {
  using protocol::Layer;
  const auto found = std::find_if(files.begin(), files.end(), [](const auto& f) { return f.soname == "libcuda.so.1"; });
  // The loader names the file itself where it opened one.
  std::string path = support::starts_with(message, "/") ? message.substr(0, message.find(": ")) : "";
  if (path.empty() && found != files.end()) path = found->path;
  if (path.empty()) return std::nullopt;
  const auto says = [&](const char* words) { return message.find(words) != std::string::npos; };
  if (mount_of(path, mountinfo).empty()) {
    return LoadTrouble{"the image brings " + path + ", which does not load: " + message, Layer::kImage,
                       "rm " + path + " in the image: the driver's libraries come from the host"};
  }
  if (says("invalid ELF header") || says("file too short")) {
    return LoadTrouble{"the host's " + path + " is no library: " + message, Layer::kHostDriver,
                       "install the driver on the host again, then nvidia-ctk cdi generate where CDI is used"};
  }
  return LoadTrouble{"the host's " + path + " does not load in this image: " + message, Layer::kImage,
                     "a base with the libraries that it names; NVIDIA's driver needs glibc, musl does not do"};
}

}  // namespace envforge::validator::container
