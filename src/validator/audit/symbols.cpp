#include "audit/symbols.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include <envforge/support/text.hpp>

#include "elf/dynamic_symbols.hpp"
#include "elf/mapped_file.hpp"

namespace envforge::validator::audit {
namespace {

struct Family {
  std::string_view prefix, library;
};
// The longer prefix first. The driver's own names (cu + capital) come from the host and are not the image's.
constexpr Family kFamilies[] = {{"__nvJitLink", "libnvJitLink"},
                                {"nvJitLink", "libnvJitLink"},
                                {"cublasLt", "libcublasLt"},
                                {"cublas", "libcublas"},
                                {"cusparseLt", "libcusparseLt"},
                                {"cusparse", "libcusparse"},
                                {"cusolver", "libcusolver"},
                                {"cudnn", "libcudnn"},
                                {"cufft", "libcufft"},
                                {"curand", "libcurand"},
                                {"nvrtc", "libnvrtc"},
                                {"nccl", "libnccl"},
                                {"cuda", "libcudart"}};

bool is_of_family(std::string_view name) {
  return !library_of_symbol(name).empty();
}

const LibrarySymbols* find_library(const std::vector<LibrarySymbols>& libraries, const std::string& stem) {
  const auto found = std::find_if(libraries.begin(), libraries.end(), [&](const LibrarySymbols& one) {
    return support::starts_with(one.name, stem + ".so");
  });
  return found == libraries.end() ? nullptr : &*found;
}

std::string shortened(const std::set<std::string>& names) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> first;
  for (const std::string& name : names) {
    if (first.size() == kShown)
      return support::join(first, ", ") + " and " + std::to_string(names.size() - kShown) + " more";
    first.push_back(name);
  }
  return support::join(first, ", ");
}

}  // namespace

std::string library_of_symbol(std::string_view name) {
  for (const Family& family : kFamilies) {
    if (!support::starts_with(name, family.prefix) || name.size() == family.prefix.size()) continue;
    // "ncclx" is somebody's own; a function's name goes on with a capital, "cudnn" and "curand" too.
    const char next = name[family.prefix.size()];
    if (std::isupper(static_cast<unsigned char>(next)) != 0) return std::string(family.library);
  }
  return "";
}

std::vector<LibrarySymbols> read_symbols(const loader::Root& root, const Inventory& inventory) {
  std::vector<LibrarySymbols> out;
  const auto add = [&](const std::string& name, const Copy& copy) {
    const auto place = root.on_disk(copy.path);
    const auto file = place ? elf::MappedFile::open(*place) : std::nullopt;
    if (!file) return;
    const auto parsed = elf::read_elf(file->bytes());
    const auto* library = std::get_if<elf::ElfFile>(&parsed);
    if (library == nullptr) return;
    auto symbols = elf::read_dynamic_symbols(*library, is_of_family);
    out.push_back({name, copy, std::move(symbols.wanted), std::move(symbols.offered)});
  };
  for (const char* name : {"libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch_cpu.so"})
    add(name, {inventory.torch.folder + "/lib/" + name, inventory.torch_version, {}, "torch"});
  for (const Library& library : inventory.libraries) add(library.soname, library.chosen);
  return out;
}

std::vector<Conflict> find_missing_symbols(const std::vector<LibrarySymbols>& libraries) {
  std::set<std::string> offered;
  for (const auto& library : libraries) offered.insert(library.offered.begin(), library.offered.end());
  std::vector<Conflict> out;
  for (const auto& library : libraries) {
    std::map<std::string, std::set<std::string>> missing;  // by the library that should have them
    for (const std::string& name : library.wanted) {
      if (offered.count(name) == 0) missing[library_of_symbol(name)].insert(name);
    }
    for (const auto& [stem, names] : missing) {
      const LibrarySymbols* winner = find_library(libraries, stem);
      if (winner == nullptr || winner->offered.empty())
        continue;  // opened later by itself, or stripped: nothing to say
      out.push_back({library.name + " needs " + shortened(names) + ", which " + winner->name + " " +
                         (winner->copy.version.empty() ? "(version not known)" : winner->copy.version) + " (" +
                         winner->copy.path + ", " + to_string(winner->copy.owner) + ", by " + winner->copy.rule +
                         ") does not have",
                     mend_for(winner->copy)});
    }
  }
  return out;
}

}  // namespace envforge::validator::audit
