// Which Python of an image would import torch, and where it looks for packages: sys.path without starting Python.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "loader/root.hpp"

namespace envforge::validator::loader {

struct PythonEnvironment {
  std::string prefix;    // "/opt/venv"
  std::string version;   // "3.11"
  std::string kind;      // "venv", "conda", "system"
  std::string found_by;  // "the request", "VIRTUAL_ENV", "PATH", "/opt/venv", "CONDA_PREFIX", "/opt/conda"
  std::vector<std::string> search_path;  // the folders of sys.path that can hold packages, in order
};

/// Every environment that is there, most likely first: the wanted one (an interpreter or a prefix), VIRTUAL_ENV,
/// python on PATH, /opt/venv, conda's. Each prefix once.
std::vector<PythonEnvironment> find_python_environments(const Root& root, const Environment& environment,
                                                        const std::string& wanted);

/// An environment in which `import torch` finds a package.
struct TorchPlace {
  PythonEnvironment python;
  std::string site_packages;  // the entry of search_path that holds it
  std::string folder;         // site_packages + "/torch"
};
/// The first environment that has torch.
std::optional<TorchPlace> find_torch(const Root& root, const std::vector<PythonEnvironment>& environments);

}  // namespace envforge::validator::loader
