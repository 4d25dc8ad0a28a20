#include "loader/search.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>

#include "elf/elf_file.hpp"
#include "elf/mapped_file.hpp"

namespace envforge::validator::loader {
namespace {

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

/// LD_LIBRARY_PATH is split at ':' and ';', LD_PRELOAD at ':' and spaces; an empty entry means the working folder,
/// which no audit can know.
std::vector<std::string> entries(const std::string& text, const char* separators) {
  std::vector<std::string> out;
  std::string entry;
  for (const char c : text + separators[0]) {
    if (std::string(separators).find(c) == std::string::npos) {
      entry.push_back(c);
      continue;
    }
    if (!entry.empty()) out.push_back(entry);
    entry.clear();
  }
  return out;
}

}  // namespace

std::optional<std::uint16_t> machine_of(const Root& root, const std::string& path) {
  const auto place = root.on_disk(path);
  const auto file = place ? elf::MappedFile::open(*place) : std::nullopt;
  if (!file) return std::nullopt;
  const auto parsed = elf::read_elf(file->bytes());
  const auto* library = std::get_if<elf::ElfFile>(&parsed);
  return library == nullptr ? std::nullopt : std::optional(library->machine);
}

Search::Search(const Root& root, const Environment& environment, std::uint16_t machine)
    : root_(root),
      machine_(machine),
      ld_library_path_(entries(variable(environment, "LD_LIBRARY_PATH"), ":;")),
      preload_(entries(variable(environment, "LD_PRELOAD"), ": ")) {
  for (const std::string& path : entries(root.read("/etc/ld.so.preload", 1U << 16).value_or(""), "\n \t:")) {
    preload_.push_back(path);
  }
  const bool arm = machine == static_cast<std::uint16_t>(elf::Machine::kAarch64);
  const std::string triplet = arm ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  for (const std::string& folder : {"/lib/" + triplet, "/usr/lib/" + triplet, std::string("/lib64"),
                                    std::string("/usr/lib64"), std::string("/lib"), std::string("/usr/lib")}) {
    if (root.is_folder(folder)) default_folders_.push_back(folder);
  }
  const auto cache = root.read("/etc/ld.so.cache");
  if (!cache) return;
  for (CacheEntry& entry : read_ld_cache(elf::Bytes(*cache), machine)) {
    cache_.emplace(std::move(entry.soname), std::move(entry.path));
  }
}

const Library* Search::library(const std::string& path) {
  const auto real = root_.real(path);
  if (!real) return nullptr;
  const auto known = libraries_.find(*real);
  if (known != libraries_.end()) return known->second.get();
  auto& slot = libraries_[*real];
  const auto file = elf::MappedFile::open(*root_.on_disk(*real));
  if (!file) return nullptr;
  auto parsed = elf::read_elf(file->bytes());
  auto* read = std::get_if<elf::ElfFile>(&parsed);
  if (read == nullptr || read->machine != machine_) return nullptr;
  slot = std::make_unique<Library>(Library{*real, std::move(read->soname), std::move(read->needed),
                                           std::move(read->rpath), std::move(read->runpath)});
  return slot.get();
}

void Search::look(const std::string& folder, const std::string& soname, const std::string& rule,
                  std::vector<Found>& out) {
  const Library* found = library(folder + "/" + soname);
  if (found == nullptr) return;
  const bool known = std::any_of(out.begin(), out.end(), [&](const Found& one) { return one.path == found->path; });
  if (!known) out.push_back({found->path, rule});
}

void Search::look_in(const std::string& paths, const Library& owner, const char* kind, const std::string& soname,
                     std::vector<Found>& out) {
  for (const std::string& entry : entries(paths, ":")) {
    const std::string origin = parent(owner.path);
    const std::string folder = replace_all(replace_all(entry, "${ORIGIN}", origin), "$ORIGIN", origin);
    // $LIB and $PLATFORM depend on how the loader was built; no wheel uses them.
    if (folder.find('$') != std::string::npos || folder.front() != '/') continue;
    look(folder, soname, std::string(kind) + " of " + file_name(owner.path), out);
  }
}

std::vector<Found> Search::find(const std::string& soname, const Chain& chain) {
  std::vector<Found> out;
  if (soname.find('/') != std::string::npos) {
    look(parent(soname), file_name(soname), "by its path", out);
    return out;
  }
  // A library with a RUNPATH of its own ignores every RPATH of those that loaded it.
  const bool own_runpath = !chain.empty() && chain.front()->runpath.has_value();
  if (!own_runpath) {
    for (const Library* one : chain) {
      if (one->rpath && !one->runpath) look_in(*one->rpath, *one, "RPATH", soname, out);
    }
  }
  for (const std::string& folder : ld_library_path_) look(folder, soname, "LD_LIBRARY_PATH", out);
  if (own_runpath) look_in(*chain.front()->runpath, *chain.front(), "RUNPATH", soname, out);
  const auto [first, last] = cache_.equal_range(soname);
  for (auto entry = first; entry != last; ++entry) {
    look(parent(entry->second), file_name(entry->second), "ld.so.cache", out);
  }
  for (const std::string& folder : default_folders_) look(folder, soname, "default folder", out);
  return out;
}

}  // namespace envforge::validator::loader
