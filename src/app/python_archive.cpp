#include "python_archive.hpp"

#include <envforge/app/site_requests.hpp>
#include <envforge/packages/python_archive.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using documents::PythonArchive;
using support::Error;
using support::ErrorCode;

// Where the site has those bytes, whatever a lock calls them; nullptr: it has no entry.
const documents::Located<PythonArchive>* entry_of(const World& world, const PythonArchive& archive) {
  for (const auto& entry : world.site.pythons) {
    if (entry.value.sha256 == archive.sha256) return &entry;
  }
  return nullptr;
}

fs::path site_file(const documents::Located<PythonArchive>& entry) {
  const fs::path file = entry.value.url;
  const std::string what = "Python " + entry.value.version;
  std::error_code error;
  if (!fs::is_regular_file(file, error))
    throw Error(ErrorCode::kPythonFetch, what + " is to come from " + file.string() + ", and there is no such file",
                entry.where, "put the archive there, or mend `url`");
  const std::string digest = support::sha256_file_hex(file.string());
  if (digest != entry.value.sha256)
    throw Error(ErrorCode::kPythonDigest,
                file.string() + " has sha256 " + digest + ", expected " + entry.value.sha256 + " for " + what,
                entry.where);
  return file;
}

fs::path archive_file(World& world, const PythonArchive& archive) {
  const auto* entry = entry_of(world, archive);
  if (entry != nullptr && !documents::has_address(entry->value)) return site_file(*entry);
  const std::string cache = (fs::path(world.cache_dir) / "pythons").string();
  const PythonArchive& from = entry != nullptr ? entry->value : archive;
  if (!documents::has_address(from))
    throw Error(ErrorCode::kPythonFetch,
                "the lock takes Python " + archive.version + " from the file '" + support::printable(from.url) +
                    "' of a site, and no entry under `pythons` of the site configuration has its sha256 " +
                    archive.sha256);
  world.events.step("fetching Python " + archive.version);
  return world.files.fetch(
      {"Python " + archive.version, from.url, archive.sha256, world.site.ca_bundle.value, lower_case_proxies(world)},
      cache);
}

}  // namespace

void place_python(World& world, const documents::LockedPlatform& locked, const render::ContextReference::Python& python,
                  const fs::path& layer) {
  const fs::path file = archive_file(world, python.archive);
  const std::string folder = render::archived_python(locked).substr(1);
  const auto made = packages::write_python_layer(file.string(), locked.python, folder, layer.string());
  if (python.headers && !made.headers)
    throw Error(ErrorCode::kPythonArchive,
                file.string() + ": it has no include/python" + locked.python +
                    "/Python.h, and the recipe compiles against it (variant: devel, torch_compile or packages.build)",
                std::nullopt, "take an archive with headers, or leave that out of the recipe");
}

}  // namespace envforge::app
