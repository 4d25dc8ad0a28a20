// The rules by which glibc's loader finds a library by its soname (ld.so(8); order and exceptions as tested, see
// docs/library-audit.md), over the files of an image. It must not know any library by name.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loader/ld_cache.hpp"
#include "loader/root.hpp"

namespace envforge::validator::loader {

/// What the loader reads of a library; the sections are not kept.
struct Library {
  std::string path;  // without links
  std::string soname;
  std::vector<std::string> needed;
  std::optional<std::string> rpath, runpath;
};

/// Who asks for a library: it and the chain of those that caused it to be loaded, nearest first.
using Chain = std::vector<const Library*>;

struct Found {
  std::string path;  // without links
  std::string
      rule;  // "RPATH of libtorch_cuda.so", "LD_LIBRARY_PATH", "RUNPATH of ...", "ld.so.cache", "default folder"
};

class Search {
 public:
  /// `machine` is the ELF number of the interpreter's machine: files of another one are passed over, as the loader
  /// does.
  Search(const Root& root, const Environment& environment, std::uint16_t machine);

  /// Every file that some rule offers for `soname`, in the order of the rules, each file once: the first is taken.
  std::vector<Found> find(const std::string& soname, const Chain& chain);
  /// Reads a library once; nullptr when it is no library for this machine. The pointer lives as long as the Search.
  const Library* library(const std::string& path);

  const std::vector<std::string>& ld_library_path() const { return ld_library_path_; }
  const std::vector<std::string>& preload() const { return preload_; }
  const Root& root() const { return root_; }

 private:
  void look(const std::string& folder, const std::string& soname, const std::string& rule, std::vector<Found>& out);
  void look_in(const std::string& paths, const Library& owner, const char* kind, const std::string& soname,
               std::vector<Found>& out);

  const Root& root_;
  std::uint16_t machine_;
  std::vector<std::string> ld_library_path_, preload_, default_folders_;
  std::multimap<std::string, std::string> cache_;
  std::map<std::string, std::unique_ptr<Library>> libraries_;
};

/// The machine number of a file, e.g. of the libc; nullopt when it is no ELF.
std::optional<std::uint16_t> machine_of(const Root& root, const std::string& path);

}  // namespace envforge::validator::loader
