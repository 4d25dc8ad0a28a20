#include <envforge/support/files.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <envforge/support/error.hpp>

namespace envforge::support {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(ErrorCode code, const char* verb, const std::filesystem::path& path) {
  const int number = errno;
  throw Error(code, std::string("cannot ") + verb + " " + path.string() + ": " + std::strerror(number));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// A device or a pipe: it is written to itself.
bool is_special(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
}

// A file renamed over it would take its place on the machine.
void write_into(const std::filesystem::path& path, std::string_view content) {
  const Descriptor open(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (open.get() < 0 || !write_all(open.get(), content)) fail(ErrorCode::kFileWrite, "write", path);
}

// What a link names, also when it is not there yet: a rename would replace the link.
std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // as the kernel follows (path_resolution(7))
  const std::filesystem::path named = path;
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code no_link;
    const auto next = std::filesystem::read_symlink(path, no_link);
    if (no_link) return path;
    path = path.parent_path() / next;  // an absolute `next` stands alone
  }
  errno = ELOOP;
  fail(ErrorCode::kFileWrite, "write", named);
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(ErrorCode::kFileUnreadable, "read", path);
  std::string content;
  std::string piece(1 << 16, '\0');
  for (;;) {
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(ErrorCode::kFileUnreadable, "read", path);
    if (n == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(n));
    if (content.size() > max_bytes) {
      throw Error(ErrorCode::kFileUnreadable,
                  path.string() + " is larger than the " + std::to_string(max_bytes) + " bytes that are read");
    }
  }
}

std::string read_file_prefix(const std::filesystem::path& path, std::size_t bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail(ErrorCode::kFileUnreadable, "read", path);
  std::string content(bytes, '\0');
  std::size_t have = 0;
  while (have < bytes) {
    const ssize_t n = ::read(file.get(), content.data() + have, bytes - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(ErrorCode::kFileUnreadable, "read", path);
    if (n == 0)
      throw Error(ErrorCode::kFileUnreadable, path.string() + " has fewer than " + std::to_string(bytes) + " bytes");
    have += static_cast<std::size_t>(n);
  }
  return content;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  std::error_code ignored;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  std::string temporary = path.string() + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) fail(ErrorCode::kFileWrite, "write", path);
  const auto abandon = [&](const char* verb) {
    const int number = errno;
    ::unlink(temporary.c_str());
    errno = number;
    fail(ErrorCode::kFileWrite, verb, path);
  };
  if (!write_all(file.get(), content)) abandon("write");
  if (::fchmod(file.get(), mode) != 0) abandon("set the mode of");
  if (::rename(temporary.c_str(), path.c_str()) != 0) abandon("replace");
}

void write_named_file(const std::filesystem::path& path, std::string_view content) {
  if (is_special(path)) return write_into(path, content);
  write_file_atomically(behind_links(path), content);
}

void check_can_write(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    errno = EISDIR;
    fail(ErrorCode::kFileWrite, "write", path);
  }
  if (is_special(path)) {
    if (::access(path.c_str(), W_OK) != 0) fail(ErrorCode::kFileWrite, "write", path);
    return;
  }
  fs::path place = fs::absolute(path).parent_path();
  while (place != place.parent_path() && !fs::exists(place, ignored)) place = place.parent_path();
  if (!fs::is_directory(place, ignored)) {
    errno = ENOTDIR;
    fail(ErrorCode::kFileWrite, "write", path);
  }
  std::string trial = (place / ".envforge-XXXXXX").string();  // root may write where the file system cannot
  const Descriptor file(::mkostemp(trial.data(), O_CLOEXEC));
  if (file.get() < 0) fail(ErrorCode::kFileWrite, "write", path);
  ::unlink(trial.c_str());
}

TempDir::TempDir(const std::string& prefix, const std::filesystem::path& parent) {
  std::string pattern = (parent / (prefix + "XXXXXX")).string();
  if (::mkdtemp(pattern.data()) == nullptr) fail(ErrorCode::kFileWrite, "create", pattern);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace envforge::support
