#include "audit/inventory.hpp"

#include <algorithm>
#include <map>

#include <envforge/support/text.hpp>

#include "elf/elf_file.hpp"
#include "elf/mapped_file.hpp"

namespace envforge::validator::audit {
namespace {

/// The quoted value of a line "name = '...'" or "name: Optional[str] = '...'" of torch/version.py.
std::string python_constant(const std::string& text, const std::string& name) {
  for (const std::string& line : support::split(text, '\n')) {
    if (!support::starts_with(line, name) || line.size() == name.size()) continue;
    const char next = line[name.size()];
    const auto equals = line.find('=');
    if ((next != ' ' && next != ':' && next != '=') || equals == std::string::npos) continue;
    const std::string value = support::trim(line.substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"') && value.back() == value.front()) {
      return value.substr(1, value.size() - 2);
    }
  }
  return "";
}

std::string describe_places(const std::vector<loader::PythonEnvironment>& environments) {
  std::vector<std::string> prefixes;
  for (const auto& one : environments) prefixes.push_back(one.prefix);
  return prefixes.empty() ? "no Python was found at all" : "looked in " + support::join(prefixes, ", ");
}

Copy copy_of(const loader::Root& root, loader::Owners& owners, const std::string& path, const std::string& rule) {
  Copy copy{path, "", owners.of(path), rule};
  copy.version = loader::library_version(root, path, copy.owner);
  return copy;
}

/// A torch that no package manager knows (built from source, copied in) has libraries of its own all the same.
void add_own_libraries(const loader::Root& root, Inventory& inventory) {
  const std::string folder = inventory.torch.folder + "/lib";
  auto& files = inventory.library_files;
  for (const std::string& name : root.list(folder)) {
    const auto real = loader::is_library_name(name) ? root.real(folder + "/" + name) : std::nullopt;
    if (real && std::find(files.begin(), files.end(), *real) == files.end()) files.push_back(*real);
  }
}

/// "12.4" of "NCCL version 2.21.5+cuda12.4", which every libnccl has among its constants.
std::string nccl_built_for(const loader::Root& root, const std::vector<Library>& libraries) {
  const auto nccl = std::find_if(libraries.begin(), libraries.end(),
                                 [](const Library& one) { return support::starts_with(one.soname, "libnccl.so"); });
  const auto place = nccl == libraries.end() ? std::nullopt : root.on_disk(nccl->chosen.path);
  const auto file = place ? elf::MappedFile::open(*place) : std::nullopt;
  if (!file) return "";
  const auto parsed = elf::read_elf(file->bytes());
  const auto* elf = std::get_if<elf::ElfFile>(&parsed);
  const elf::Section* constants = elf == nullptr ? nullptr : elf->section(".rodata");
  if (constants == nullptr) return "";
  const std::string_view text(reinterpret_cast<const char*>(constants->bytes.data()), constants->bytes.size());
  const auto at = text.find("NCCL version ");
  const auto cuda = at == std::string_view::npos ? at : text.find("+cuda", at);
  if (cuda == std::string_view::npos || cuda - at > 40) return "";
  const auto from = cuda + 5;
  return std::string(text.substr(from, text.find_first_not_of("0123456789.", from) - from));
}

std::vector<SharedFile> shared_files(loader::Owners& owners, const std::vector<std::string>& files) {
  std::vector<SharedFile> out;
  for (const std::string& path : files) {
    const auto claims = owners.claims(path);
    const bool two = std::any_of(claims.begin(), claims.end(),
                                 [&](const loader::Owner& one) { return one.package != claims.front().package; });
    if (two) out.push_back({path, claims});
  }
  return out;
}

}  // namespace

const loader::Distribution* find_distribution(const Inventory& inventory, const std::string& name) {
  const auto found = std::find_if(inventory.distributions.begin(), inventory.distributions.end(),
                                  [&](const loader::Distribution& one) { return one.name == name; });
  return found == inventory.distributions.end() ? nullptr : &*found;
}

std::variant<Inventory, NothingToAudit> take_inventory(const loader::Root& root, const loader::Environment& environment,
                                                       const std::string& python) {
  const auto environments = loader::find_python_environments(root, environment, python);
  const auto torch = loader::find_torch(root, environments);
  if (!torch) return NothingToAudit{"no Python environment has torch (" + describe_places(environments) + ")"};
  const auto machine = loader::machine_of(root, torch->folder + "/lib/libtorch_global_deps.so");
  if (!machine) return NothingToAudit{torch->folder + "/lib/libtorch_global_deps.so is no library that can be read"};

  Inventory out;
  out.torch = *torch;
  const std::string version = root.read(torch->folder + "/version.py", 1U << 16).value_or("");
  out.torch_version = python_constant(version, "__version__");
  out.cuda_version = python_constant(version, "cuda");

  loader::Search search(root, environment, *machine);
  const auto process = loader::model_torch_process(search, *torch, out.torch_version);
  loader::Owners owners(root, torch->python.search_path, {torch->python.prefix});
  for (const auto& mapped : process.mapped) {
    if (!loader::is_cuda_library(mapped.soname)) continue;
    Library library{mapped.soname, copy_of(root, owners, mapped.path, mapped.rule), mapped.needed_by, {}};
    for (const auto& other : mapped.others) library.others.push_back(copy_of(root, owners, other.path, other.rule));
    out.libraries.push_back(std::move(library));
  }
  for (const auto& missing : process.missing) {
    if (loader::is_cuda_library(missing.soname)) out.missing.push_back(missing);
  }
  out.nccl_built_for = nccl_built_for(root, out.libraries);
  out.distributions = owners.distributions();
  out.library_files = owners.libraries();
  add_own_libraries(root, out);
  out.shared_files = shared_files(owners, out.library_files);
  return out;
}

}  // namespace envforge::validator::audit
