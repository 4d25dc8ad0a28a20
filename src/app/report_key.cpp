#include <envforge/app/report_key.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {

std::string report_secret(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    // Two first runs at once: link() lets one of them win, and both then read the winner's.
    const std::string random = support::read_file_prefix("/dev/urandom", 32);
    support::write_file_atomically(
        path.string() + ".new",
        support::to_hex(reinterpret_cast<const std::uint8_t*>(random.data()), random.size()) + "\n", 0600);
    std::filesystem::create_hard_link(path.string() + ".new", path, ignored);
    std::filesystem::remove(path.string() + ".new", ignored);
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw support::Error(support::ErrorCode::kFileUnreadable,
                         "cannot read " + path.string() + ": " + std::strerror(errno));
  }
  if ((status.st_mode & 077) != 0) {
    throw support::Error(support::ErrorCode::kFileUnreadable,
                         path.string() + " may be read by others, so its MACs prove nothing", std::nullopt,
                         "chmod 600 " + path.string() + ", or remove it: a new one is made");
  }
  return support::trim(support::read_file(path, 4096));
}

std::string report_key(const std::string& secret, const std::string& nonce) {
  return support::hmac_sha256_hex(secret, "envforge report key v1 " + nonce);
}

}  // namespace envforge::app
