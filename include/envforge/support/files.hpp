// Files as whole values. Errors carry the path and errno's text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace envforge::support {

/// Throws Error{kFileUnreadable}; also when the file is larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ULL << 32);
/// The first `bytes` bytes, for devices and large files. Throws Error{kFileUnreadable} if there are fewer.
std::string read_file_prefix(const std::filesystem::path& path, std::size_t bytes);
/// Writes beside the target and renames: a reader sees the old or the new file, never half of one. Creates parent
/// folders. A link is replaced, never followed: in a folder of somebody else's it may lead anywhere. Throws
/// Error{kFileWrite}; nothing half-written stays.
void write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode = 0644);
/// The same for a path that the user typed: a device or a pipe is written into, a link stays and the file that it names
/// is replaced.
void write_named_file(const std::filesystem::path& path, std::string_view content);

/// Tries whether write_named_file() can write there now: a file of another name in its folder, or the nearest one
/// that is there. For a path that is needed after long work; nothing stays. Throws Error{kFileWrite}.
void check_can_write(const std::filesystem::path& path);

/// A fresh folder (0700), removed with everything in it: the system's, or inside `parent` (which must be there), from
/// where what is whole can be renamed to its place. Throws Error{kFileWrite}.
class TempDir {
 public:
  explicit TempDir(const std::string& prefix = "envforge-",
                   const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace envforge::support
