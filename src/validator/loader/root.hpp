// The file tree of an image as paths of that image: "/" inside a container, a folder in tests. Symbolic links are
// followed within it. Everything in this folder reads files only through it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace envforge::validator::loader {

/// Environment variables of the container.
using Environment = std::map<std::string, std::string>;
/// The value, or "" when it is not set.
std::string variable(const Environment& environment, const std::string& name);

class Root {
 public:
  explicit Root(std::string folder = "/");

  /// The path without links, dots and double slashes; nullopt when nothing is there or the links go in a circle.
  std::optional<std::string> real(const std::string& path) const;
  bool is_file(const std::string& path) const;
  bool is_folder(const std::string& path) const;
  /// The names in a folder, sorted; empty when it is none.
  std::vector<std::string> list(const std::string& folder) const;
  /// The content; nullopt when it cannot be read or is larger than `longest`.
  std::optional<std::string> read(const std::string& path, std::size_t longest = 64U << 20) const;
  /// Where the file lies for open(2); nullopt when it is not there.
  std::optional<std::string> on_disk(const std::string& path) const;

 private:
  std::string folder_;  // without a slash at its end: "" is the machine's own root
};

/// "a/../b/./c" -> "b/c"; a path that starts with a slash stays so.
std::string normal(const std::string& path);
/// "libnccl.so.2" of "/a/libnccl.so.2".
std::string file_name(const std::string& path);
/// True for names of shared libraries: "liba.so", "liba.so.1.2", not "sort.so_heap.h".
bool is_library_name(const std::string& path);
/// "/a" of "/a/libnccl.so.2", "/" of "/a".
std::string parent(const std::string& path);

}  // namespace envforge::validator::loader
