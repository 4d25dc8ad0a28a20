// Opens the libraries of the image as torch would, and says for each one which file it is, whose, and which rule chose
// it. Used by the groups; the rules themselves are in loader/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gpu/shared_library.hpp"
#include "harness/context.hpp"
#include "loader/owner.hpp"
#include "loader/python_environment.hpp"
#include "loader/torch_process.hpp"

namespace envforge::validator::gpu {

/// Whether torch's own libraries are loaded first, so that what they need is mapped as they find it, or whether what
/// its rules say is enough: for a group that needs none of them, a gigabyte less to map.
enum class Torch { kLoaded, kAsItsRulesSay };

class ImageLibraries {
 public:
  ImageLibraries(harness::Context& context, Torch torch);

  /// `stem` as in "libcublas"; `majors` the versions to try where nothing of the image maps it. Throws harness::Failure
  /// when a library that is there does not load, harness::Skip when the image has none.
  SharedLibrary open(const std::string& stem, const std::vector<std::string>& majors);
  /// Tells the driver which file `library` is; `version` as the library itself says, "" to take its owner's.
  void report(const SharedLibrary& library, const char* any_symbol, const std::string& version);
  /// The process that torch would make by the rules of the loader; nullptr where the image has none.
  const loader::TorchProcess* model() const { return model_ ? &*model_ : nullptr; }
  /// The files that this process has mapped, without links.
  std::vector<std::string> mapped_files() const;
  bool has_torch() const { return torch_.has_value(); }

 private:
  void load_torch();
  SharedLibrary open_mapped(const std::string& stem) const;
  SharedLibrary open_beside_torch(const std::string& stem) const;

  harness::Context& context_;
  loader::Root root_;
  loader::Environment environment_;
  std::vector<loader::PythonEnvironment> pythons_;
  std::optional<loader::TorchPlace> torch_;
  std::unique_ptr<loader::Search> search_;
  std::unique_ptr<loader::Owners> owners_;
  std::optional<loader::TorchProcess> model_;
  Torch how_;
  bool torch_loaded_ = false;
};

/// The libraries of the driver, which the host puts into the container: libcuda.so.1, libnvidia-ml.so.1.
SharedLibrary open_driver_library(const std::string& soname);

}  // namespace envforge::validator::gpu
