#include "known_locks.hpp"

#include <filesystem>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::app {
namespace {

namespace fs = std::filesystem;

// "sha256:<64 hex>", for a label is foreign text and becomes a file name.
bool is_digest(const std::string& text) {
  constexpr std::size_t kPrefix = 7;
  return text.size() == kPrefix + 64 && text.compare(0, kPrefix, "sha256:") == 0 &&
         text.find_first_not_of("0123456789abcdef", kPrefix) == std::string::npos;
}

fs::path kept_at(const World& world, const std::string& digest) {
  return fs::path(world.cache_dir) / "locks" / (digest.substr(digest.find(':') + 1) + ".lock");
}

}  // namespace

void keep_lock(const World& world, const documents::Lock& lock) {
  support::write_file_atomically(kept_at(world, documents::lock_digest(lock)), documents::write_lock(lock));
}

std::optional<documents::Lock> find_lock(const World& world, const std::string& digest) {
  if (!is_digest(digest)) return std::nullopt;
  const auto path = kept_at(world, digest);
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  try {
    auto lock = documents::read_lock(support::read_file(path), path.string());
    if (documents::lock_digest(lock) == digest) return lock;
  } catch (const support::Error&) {  // a damaged cache is no knowledge
  }
  return std::nullopt;
}

}  // namespace envforge::app
