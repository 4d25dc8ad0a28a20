#include "base_image.hpp"

#include <chrono>
#include <filesystem>

#include <nlohmann/json.hpp>

#include <envforge/app/site_requests.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/date.hpp>

namespace envforge::app {

namespace fs = std::filesystem;

long source_date_epoch(const std::string& exclude_newer) {
  return static_cast<long>(std::chrono::seconds(versions::day_of(exclude_newer).time_since_epoch()).count());
}

std::string base_digest(const documents::LockedBase& base, long epoch) {
  auto debs = nlohmann::json::array();
  for (const auto& deb : base.debs) debs.push_back({deb.name, deb.version, deb.architecture, deb.sha256});
  return "sha256:" + support::sha256_hex(support::canonical_json(
                         {{"envforge-base", 1}, {"name", base.name}, {"epoch", epoch}, {"debs", debs}}));
}

BaseTar base_tar(World& world, const documents::Lock& lock, const std::string& platform) {
  const auto& locked = lock.platforms.at(platform);
  const std::string name = locked.base.digest.substr(locked.base.digest.find(':') + 1);
  const fs::path tar = fs::path(world.cache_dir) / "bases" / (name + ".tar");
  const fs::path digest = tar.string() + ".sha256";
  std::error_code error;
  if (fs::exists(tar, error) && fs::exists(digest, error))
    return {tar.string(), support::trim(support::read_file(digest, 4096))};

  world.events.step("making the base " + locked.base.name + " from " + std::to_string(locked.base.debs.size()) +
                    " Debian packages");
  std::vector<packages::ResolvedDeb> debs;
  for (const auto& deb : locked.base.debs) debs.push_back(resolved_deb(deb));
  bases::BaseRequest request;
  request.base = locked.base.name;
  request.architecture = architecture_of(platform);
  request.deb_files = world.debs.fetch(deb_mirror(world, locked.base.name, platform), debs,
                                       (fs::path(world.cache_dir) / "debs").string());
  request.source_date_epoch = source_date_epoch(lock.exclude_newer);
  fs::create_directories(tar.parent_path(), error);
  const fs::path fresh = tar.string() + "." + world.random_hex(4) + ".tmp";
  try {
    world.bases.build(request, fresh.string());
  } catch (...) {
    fs::remove(fresh, error);
    throw;
  }
  const std::string sha256 = support::sha256_file_hex(fresh.string());
  fs::rename(fresh, tar);
  support::write_file_atomically(digest, sha256 + "\n");
  return {tar.string(), sha256};
}

}  // namespace envforge::app
