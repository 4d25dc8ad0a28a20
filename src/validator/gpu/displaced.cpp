#include "gpu/displaced.hpp"

#include <envforge/support/text.hpp>

namespace envforge::validator::gpu {
namespace {

// "libcublas.so.11" is found in libcublas.so.11 and, by Debian's way, in libcublas.so.11.11.3.6.
bool is_named(const std::string& path, const std::string& soname) {
  const std::string name = loader::file_name(path);
  return name == soname || support::starts_with(name, soname + ".");
}

// The library of the model whose file `path` is, or wants to be; nullptr for any other file.
const loader::MappedLibrary* library_of(const loader::TorchProcess& model, const std::string& path) {
  for (const auto& library : model.mapped) {
    if (loader::is_cuda_library(library.soname) && (path == library.path || is_named(path, library.soname))) {
      return &library;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<Displaced> displaced_libraries(const loader::TorchProcess& model, const std::vector<std::string>& mapped) {
  std::vector<Displaced> out;
  for (const auto& path : mapped) {
    const auto* library = library_of(model, path);
    if (library != nullptr && path != library->path) {
      out.push_back({library->soname, path, library->path, library->rule});
    }
  }
  return out;
}

std::size_t known_libraries(const loader::TorchProcess& model, const std::vector<std::string>& mapped) {
  std::size_t count = 0;
  for (const auto& path : mapped) count += library_of(model, path) != nullptr ? 1 : 0;
  return count;
}

}  // namespace envforge::validator::gpu
