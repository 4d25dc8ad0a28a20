#include "driver/torch_facts.hpp"

#include <array>
#include <cctype>
#include <fstream>

#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "elf/elf_file.hpp"
#include "elf/mapped_file.hpp"
#include "loader/python_environment.hpp"
#include "loader/root.hpp"

namespace envforge::validator::driver {
namespace {

using loader::Root;

constexpr std::size_t kLargestLibrary = 64U << 20;  // libc.so.6 and libstdc++.so.6 have two

// The quoted value of the line that starts with `name` in torch/version.py.
std::string quoted_value(const std::string& text, const std::string& name) {
  for (const std::string& line : support::split(text, '\n')) {
    if (!support::starts_with(line, name)) continue;
    const auto from = line.find_first_of("'\"");
    const auto to = line.find_last_of("'\"");
    if (from != std::string::npos && to > from) return line.substr(from + 1, to - from - 1);
  }
  return "";
}

void add_text(support::Sha256& hash, const std::string& name, const std::string& content) {
  hash.update(std::to_string(name.size()) + ":" + name + std::to_string(content.size()) + ":");
  hash.update(content);
}

void add_folder(const Root& root, const std::string& folder, support::Sha256& hash) {
  for (const std::string& name : root.list(folder)) {
    const std::string path = folder + "/" + name;
    if (root.is_folder(path)) {
      add_folder(root, path, hash);
    } else {
      add_text(hash, path, root.read(path).value_or(""));
    }
  }
}

std::string headers_digest(const Root& root, const std::string& torch) {
  if (!root.is_folder(torch + "/include/ATen")) return "";
  support::Sha256 hash;
  add_folder(root, torch + "/include", hash);
  for (const char* name : {"/version.py", "/share/cmake/Torch/TorchConfig.cmake"})
    add_text(hash, name, root.read(torch + name).value_or(""));
  // Linked by name only, so that which there are is enough.
  for (const std::string& name : root.list(torch + "/lib")) add_text(hash, name, "");
  const auto digest = hash.finish();
  return support::to_hex(digest.data(), digest.size());
}

std::string find_compiler(const Root& root, const std::map<std::string, std::string>& environment) {
  if (!root.is_file("/bin/sh")) return "";
  for (const char* name : {"g++", "c++", "clang++"}) {
    for (const std::string& folder : support::split(loader::variable(environment, "PATH"), ':')) {
      if (!folder.empty() && root.is_file(folder + "/" + name)) return folder + "/" + name;
    }
  }
  return "";
}

std::string offered_version(const Root& root, const std::string& library, const std::string& prefix) {
  for (const char* folder : {"/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/", "/lib/aarch64-linux-gnu/",
                             "/usr/lib/aarch64-linux-gnu/", "/lib64/", "/usr/lib64/", "/lib/", "/usr/lib/"}) {
    const auto bytes = root.read(folder + library, kLargestLibrary);
    if (bytes) return protocol::highest_symbol_version(*bytes, prefix);
  }
  return "";
}

}  // namespace

protocol::TorchFacts read_torch_facts(const std::string& root_folder,
                                      const std::map<std::string, std::string>& environment,
                                      const std::string& python) {
  const Root root(root_folder);
  const loader::Environment variables(environment.begin(), environment.end());
  protocol::TorchFacts facts;
  facts.glibc = offered_version(root, "libc.so.6", "GLIBC_2.");
  facts.glibcxx = offered_version(root, "libstdc++.so.6", "GLIBCXX_3.4.");
  const auto pythons = loader::find_python_environments(root, variables, python);
  const auto torch = loader::find_torch(root, pythons);
  if (!torch) {
    std::vector<std::string> places;
    for (const auto& one : pythons) places.push_back(one.prefix);
    facts.none = places.empty()
                     ? "it has no Python environment, so no torch"
                     : "no Python environment of it has torch (looked in " + support::join(places, ", ") + ")";
    return facts;
  }
  facts.folder = torch->folder;
  facts.python = torch->python.version;
  facts.version = quoted_value(root.read(torch->folder + "/version.py", 1U << 16).value_or(""), "__version__");
  const auto own = root.read(torch->python.prefix + "/lib/libstdc++.so.6", kLargestLibrary);  // conda's
  if (own) facts.glibcxx = protocol::highest_symbol_version(*own, "GLIBCXX_3.4.");
  facts.headers_digest = headers_digest(root, torch->folder);
  facts.compiler = find_compiler(root, environment);
  return facts;
}

std::string loader_missing(const std::string& root_folder, const std::string& program) {
  const auto file = elf::MappedFile::open(program);
  if (!file) return "";
  const auto parsed = elf::read_elf(file->bytes());
  const auto* elf = std::get_if<elf::ElfFile>(&parsed);
  if (elf == nullptr || elf->interpreter.empty() || Root(root_folder).is_file(elf->interpreter)) return "";
  return "there is no " + elf->interpreter + " here, the loader of glibc: NVIDIA's libraries cannot run in this image";
}

}  // namespace envforge::validator::driver
