// What LD_LIBRARY_PATH and the loader's cache make of the driver's libraries: entries that mean the working folder,
// stubs for linking, and a libcuda that the image itself brings. Reads files, executes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/protocol/report.hpp>

#include "container/finding.hpp"
#include "loader/root.hpp"

namespace envforge::validator::container {

/// `working_folder`: where the container's program starts.
std::vector<Finding> judge_search_path(const loader::Root& root, const loader::Environment& environment,
                                       const std::string& working_folder);

/// A library of the NVIDIA driver within reach of the loader. The host supplies these; the image must not.
struct DriverFile {
  std::string soname, path, rule;
  std::string owner;  // "apt libcuda1 535.183.01-1", "none"
  std::string mount;  // the mount that it lies on; "" = the image's own file system
};
std::vector<DriverFile> find_driver_files(const loader::Root& root, const loader::Environment& environment,
                                          const std::string& mountinfo);
/// Those that lie in the image: a stub, or the driver of a build machine. A folder `compat` is forward compatibility on
/// purpose and no fault here.
std::vector<Finding> judge_driver_files(const std::vector<DriverFile>& files);

/// Who must mend a libcuda.so.1 that is there and does not load.
struct LoadTrouble {
  std::string what;
  protocol::Layer layer;
  std::string mend;
};
/// `message`: the loader's. nullopt where it found none.
std::optional<LoadTrouble> judge_not_loaded(const std::string& message, const std::vector<DriverFile>& files,
                                            const std::string& mountinfo);

/// The mount that `path` lies on, by the text of /proc/self/mountinfo; "" = the root file system.
std::string mount_of(const std::string& path, const std::string& mountinfo);

}  // namespace envforge::validator::container
