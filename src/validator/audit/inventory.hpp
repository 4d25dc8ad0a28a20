// What an image holds of torch and its libraries, read once and then only judged: the checks of the group audit compare
// this value, and their negative controls plant a fault in a copy of it. Reading executes nothing of the image.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "loader/distribution.hpp"
#include "loader/owner.hpp"
#include "loader/python_environment.hpp"
#include "loader/root.hpp"
#include "loader/torch_process.hpp"

namespace envforge::validator::audit {

/// A file that a search rule offers for a soname.
struct Copy {
  std::string path;
  std::string version;  // "" = not known
  loader::Owner owner;
  std::string rule;
};

/// A CUDA library of the process that `import torch` makes.
struct Library {
  std::string soname;
  Copy chosen;
  std::string needed_by;
  std::vector<Copy> others;
};

/// A file that two wheels claim.
struct SharedFile {
  std::string path;
  std::vector<loader::Owner> owners;
};

struct Inventory {
  loader::TorchPlace torch;
  std::string torch_version;  // torch.__version__: "2.6.0+cu124"
  std::string cuda_version;   // torch.version.cuda: "12.4"; "" for a build without CUDA
  std::vector<Library> libraries;
  std::string nccl_built_for;                   // the CUDA version in NCCL's own version text, "12.4"; "" = not known
  std::vector<loader::MissingLibrary> missing;  // CUDA libraries only
  std::vector<SharedFile> shared_files;
  std::vector<loader::Distribution> distributions;
  std::vector<std::string> library_files;  // every .so of a wheel or conda package
};

/// Why there is nothing to audit: "no Python environment has torch (looked in /opt/venv, /usr)".
struct NothingToAudit {
  std::string reason;
};

/// `python`: the interpreter or prefix that was asked for, "" = look for one.
std::variant<Inventory, NothingToAudit> take_inventory(const loader::Root& root, const loader::Environment& environment,
                                                       const std::string& python);

/// The distribution of that name, or nullptr.
const loader::Distribution* find_distribution(const Inventory& inventory, const std::string& name);

}  // namespace envforge::validator::audit
