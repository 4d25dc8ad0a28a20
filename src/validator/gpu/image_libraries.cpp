#include "gpu/image_libraries.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <envforge/support/environment.hpp>
#include <envforge/support/text.hpp>

#include "harness/check.hpp"
#include "loader/maps.hpp"

namespace envforge::validator::gpu {
namespace {

using protocol::Layer;

// "libcublas.so.12" belongs to "libcublas", "libcublasLt.so.12" does not.
bool is_of_stem(const std::string& path, const std::string& stem) {
  return support::starts_with(loader::file_name(path), stem + ".so");
}

std::string torch_version(const loader::Root& root, const std::string& folder) {
  const std::string text = root.read(folder + "/version.py").value_or("");
  for (const auto& line : support::split(text, '\n')) {
    if (!support::starts_with(line, "__version__")) continue;
    const auto from = line.find_first_of("'\"");
    const auto to = line.find_last_of("'\"");
    if (from != std::string::npos && to > from) return line.substr(from + 1, to - from - 1);
  }
  return "";
}

}  // namespace

ImageLibraries::ImageLibraries(harness::Context& context, Torch torch)
    : context_(context), environment_(support::environment_of(environ)), how_(torch) {
  pythons_ = find_python_environments(root_, environment_, context.request().python);
  torch_ = find_torch(root_, pythons_);
  const auto machine = loader::machine_of(root_, "/proc/self/exe");
  search_ = std::make_unique<loader::Search>(root_, environment_, machine.value_or(62));
  std::vector<std::string> folders, prefixes;
  for (const auto& python : pythons_) {
    folders.insert(folders.end(), python.search_path.begin(), python.search_path.end());
    prefixes.push_back(python.prefix);
  }
  owners_ = std::make_unique<loader::Owners>(root_, folders, prefixes);
}

// The order of torch/__init__.py: global dependencies, what it preloads itself, then its own libraries. A global
// dependency that is missing is not an error there either.
void ImageLibraries::load_torch() {
  if (torch_loaded_ || !torch_) return;
  torch_loaded_ = true;
  model_ = model_torch_process(*search_, *torch_, torch_version(root_, torch_->folder));
  if (how_ == Torch::kAsItsRulesSay) return;
  const std::string lib = torch_->folder + "/lib/";
  context_.doing("dlopen of " + lib + "libtorch_global_deps.so");
  SharedLibrary::open(lib + "libtorch_global_deps.so", RTLD_NOW | RTLD_GLOBAL);
  for (const auto& mapped : model_->mapped) {
    if (mapped.needed_by == loader::kTorchInit && loader::is_cuda_library(mapped.soname)) {
      SharedLibrary::open(mapped.path, RTLD_NOW | RTLD_GLOBAL);
    }
  }
  const std::string cuda = lib + "libtorch_cuda.so";
  if (!root_.is_file(cuda)) return;  // a torch for the CPU
  context_.doing("dlopen of " + cuda);
  const SharedLibrary library = SharedLibrary::open(cuda, RTLD_NOW);
  if (!library.ok()) {
    throw harness::Failure("torch's own library does not load: " + library.error(), Layer::kImage,
                           "dlopen of " + cuda + ", as `import torch` does it",
                           "build the image from its lock again; `envforge verify --gpus none` names the odd library");
  }
}

SharedLibrary ImageLibraries::open_mapped(const std::string& stem) const {
  for (const auto& path : loader::mapped_files_of_this_process()) {
    if (!is_of_stem(path, stem)) continue;
    SharedLibrary library = SharedLibrary::open(path, RTLD_NOW | RTLD_NOLOAD);
    if (library.ok()) return library;
  }
  return {};
}

// What torch opens at first use only (NVRTC), by the rules that hold for torch's libraries.
SharedLibrary ImageLibraries::open_beside_torch(const std::string& stem) const {
  if (!model_) return {};
  // NVRTC opens its builtins by their bare name, which finds them only when they are mapped already: torch preloads
  // them.
  for (const auto& mapped : model_->mapped) {
    if (is_of_stem(mapped.soname, stem + "-builtins")) SharedLibrary::open(mapped.path, RTLD_NOW | RTLD_GLOBAL);
  }
  for (const auto& mapped : model_->mapped) {
    if (is_of_stem(mapped.soname, stem)) return SharedLibrary::open(mapped.path, RTLD_NOW);
  }
  return {};
}

SharedLibrary ImageLibraries::open(const std::string& stem, const std::vector<std::string>& majors) {
  load_torch();
  SharedLibrary library = open_mapped(stem);
  if (!library.ok()) library = open_beside_torch(stem);
  std::string errors = library.error();
  for (const auto& major : majors) {
    if (library.ok()) break;
    library = SharedLibrary::open(stem + ".so." + major, RTLD_NOW);
    // "no such file" of a version that is not there says nothing; anything else does.
    if (!library.ok() && library.error().find("cannot open shared object file") == std::string::npos) {
      errors = library.error();
    }
  }
  if (library.ok()) return library;
  if (!errors.empty()) {
    throw harness::Failure(stem + " does not load: " + errors, Layer::kImage, "dlopen",
                           "build the image from its lock again");
  }
  throw harness::Skip("the image has no " + stem);
}

void ImageLibraries::report(const SharedLibrary& library, const char* any_symbol, const std::string& version) {
  const std::string file = library.file_of(any_symbol);
  const std::string path = root_.real(file).value_or(file);
  const loader::Owner owner = owners_->of(path);
  protocol::LoadedLibrary found;
  found.soname = loader::file_name(file);
  found.path = path;
  found.owner = loader::to_string(owner);
  found.version = version.empty() ? loader::library_version(root_, path, owner) : version;
  found.rule = "dlopen by soname";
  if (model_) {
    for (const auto& mapped : model_->mapped) {
      if (mapped.path == path) {
        found.rule = mapped.rule;
        found.soname = mapped.soname;
      }
    }
  }
  if (found.rule == "dlopen by soname") {
    const auto offered = search_->find(found.soname, {});
    if (!offered.empty() && offered.front().path == path) found.rule = offered.front().rule;
  }
  context_.found_library(found);
}

std::vector<std::string> ImageLibraries::mapped_files() const {
  auto files = loader::mapped_files_of_this_process();
  for (auto& file : files) file = root_.real(file).value_or(file);
  return files;
}

SharedLibrary open_driver_library(const std::string& soname) {
  return SharedLibrary::open(soname, RTLD_NOW | RTLD_GLOBAL);
}

}  // namespace envforge::validator::gpu
