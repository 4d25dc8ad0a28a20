#include <envforge/app/lock_recipe.hpp>

#include <algorithm>
#include <optional>
#include <set>

#include <envforge/app/load_recipe.hpp>
#include <envforge/documents/changes.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/resolve.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/date.hpp>
#include <envforge/versions/package_name.hpp>

#include "lock_packages.hpp"
#include "lock_solver.hpp"

namespace envforge::app {
namespace {

namespace fs = std::filesystem;
using documents::Lock;
using documents::LockedPlatform;
using support::Error;
using support::ErrorCode;

std::optional<Lock> read_old_lock(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  return documents::read_lock(support::read_file(path), path.string());
}

std::string in_words(const documents::Change& change) {
  const auto value = [](const std::string& text) { return text.empty() ? std::string("(none)") : text; };
  return change.what + ": " + value(change.before) + " -> " + value(change.after);
}

std::vector<std::string> in_words(const std::vector<documents::Change>& changes) {
  std::vector<std::string> out;
  for (const auto& change : changes) out.push_back(in_words(change));
  return out;
}

// What the old lock may not decide any more: its source was another folder, or it was made from an index and now a
// folder is given.
bool other_source(const World& world, const Lock& old) {
  const bool folder = !world.site.wheels_dir.value.empty();
  return std::any_of(old.platforms.begin(), old.platforms.end(),
                     [&](const auto& entry) { return (entry.second.torch_index == packages::kFolderIndex) != folder; });
}

[[noreturn]] void refuse_stale(const documents::Recipe& recipe, const Lock& old,
                               const std::vector<std::string>& sources, const fs::path& path) {
  Error error(ErrorCode::kLockStale, "the recipe changed since " + path.string() + " was written",
              support::Where{recipe.file, 0, 0, {}});
  for (const auto& line : in_words(documents::what_changed(old.spec, recipe.spec))) error.note(line);
  for (const auto& source : sources) error.note("other files than were locked: " + source);
  throw error;
}

// Calls each(name, version) for every package of the lock; a wheel's name is its normal one.
template <class Each>
void for_each_package(const Lock& lock, const Each& each) {
  for (const auto& [name, platform] : lock.platforms) {
    for (const auto* wheels : {&platform.wheels, &platform.tools}) {
      for (const auto& wheel : *wheels) each(versions::normal_name(wheel.name), wheel.version, true);
    }
    for (const auto* debs : {&platform.base.debs, &platform.debs, &platform.builder_debs}) {
      for (const auto& deb : *debs) each(versions::normal_name(deb.name), deb.version, false);
    }
  }
}

std::vector<std::string> package_names(const Lock& lock) {
  std::set<std::string> names;
  for_each_package(lock, [&](const std::string& name, const std::string&, bool) { names.insert(name); });
  return {names.begin(), names.end()};
}

std::vector<std::string> versions_of(const Lock& lock, const std::string& name) {
  std::set<std::string> versions;
  for_each_package(lock, [&](const std::string& package, const std::string& version, bool) {
    if (package == name) versions.insert(version);
  });
  return {versions.begin(), versions.end()};
}

void refuse_unknown(const Lock& old, const std::vector<std::string>& upgraded, const std::string& file) {
  const auto known = package_names(old);
  for (const auto& name : upgraded) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorCode::kUsage, "there is no package '" + support::printable(name) + "' in " + file + " to upgrade",
                std::nullopt, support::did_you_mean(name, known));
  }
}

// The next lock would go back to the recipe's word, and every package with it.
void refuse_two_cutoffs(const documents::Recipe& recipe, const LockOptions& options) {
  if (options.exclude_newer.empty()) return;
  if (!versions::parse_day(options.exclude_newer.substr(0, options.exclude_newer.find('T'))))
    throw Error(ErrorCode::kUsage, "--exclude-newer '" + support::printable(options.exclude_newer) +
                                       "': expected a UTC date, such as 2026-11-01 or 2026-11-01T12:00:00Z");
  const std::string& own = recipe.spec.exclude_newer;
  if (own.empty() || own == options.exclude_newer || !options.upgrade_only.empty()) return;
  throw Error(ErrorCode::kUsage,
              "--exclude-newer " + options.exclude_newer +
                  ": the recipe has a cutoff of its own, packages.exclude_newer " + own +
                  ", to which the next lock would go back",
              support::Where{recipe.file, 0, 0, {}},
              "write " + options.exclude_newer + " there; one package alone is taken further by --upgrade=PKG");
}

// What was to be upgraded and has the version that it had.
std::vector<std::string> stayed(const Lock& old, const Lock& now, const std::vector<std::string>& upgraded) {
  std::vector<std::string> out;
  for (const auto& name : upgraded) {
    const auto before = versions_of(old, name), after = versions_of(now, name);
    if (before != after || after.empty()) continue;
    const auto cutoff = now.exclude_newer_of.find(name);
    out.push_back(
        name + " stays at " + support::join(after, ", ") + ": the newest that fits" +
        (has_wheel(now, name)
             ? " and was uploaded before " + (cutoff == now.exclude_newer_of.end() ? now.exclude_newer : cutoff->second)
             : ""));
  }
  return out;
}

// A file that the requirements do not name by its hash is not the one that was meant, whoever serves it.
void check_hashes(const documents::Recipe& recipe, const Lock& lock) {
  for (const auto& line : recipe.hashes) {
    for (const auto& [name, platform] : lock.platforms) {
      const auto wheel = std::find_if(platform.wheels.begin(), platform.wheels.end(),
                                      [&](const auto& row) { return versions::normal_name(row.name) == line.package; });
      if (wheel == platform.wheels.end()) continue;  // by its marker it is not for this platform
      const std::string own = "sha256:" + wheel->sha256;
      if (std::find(line.hashes.begin(), line.hashes.end(), own) != line.hashes.end()) continue;
      Error error(ErrorCode::kRequirementHash,
                  wheel->name + " " + wheel->version + ": none of the hashes of its line is that of the locked wheel",
                  line.where);
      error.note(wheel->filename + " of " + wheel->index + " has " + own);
      for (const auto& hash : line.hashes) error.note("the line has " + support::printable(hash));
      throw error;
    }
  }
}

}  // namespace

LockResult lock_recipe(World& world, const documents::Recipe& recipe, const LockOptions& options) {
  const fs::path path = lock_path(recipe);
  LockResult result;
  result.path = options.packages ? path.string() : "";
  const auto old = options.packages ? read_old_lock(path) : std::nullopt;
  const bool must_exist = options.mode != LockMode::kUpdate;
  if (must_exist && !old)
    throw Error(ErrorCode::kLockMissing, "there is no lock " + path.string(), std::nullopt,
                "write one: envforge lock " + recipe.file);
  const bool asks_sources = old && options.mode != LockMode::kFrozen;
  const auto sources = asks_sources ? changed_sources(recipe, *old) : std::vector<std::string>{};
  const bool changed =
      !old || documents::spec_digest(old->spec) != documents::spec_digest(recipe.spec) || !sources.empty();
  if (options.mode == LockMode::kLocked && changed) refuse_stale(recipe, *old, sources, path);
  const bool again = changed || options.always || options.upgrade || !options.upgrade_only.empty() ||
                     (old && other_source(world, *old));
  if (must_exist || !again) {
    result.lock = *old;
    check_hashes(recipe, result.lock);
    return result;
  }
  refuse_two_cutoffs(recipe, options);
  if (old) refuse_unknown(*old, options.upgrade_only, path.string());
  const bool keep = old && !other_source(world, *old);
  const std::optional<Lock> kept = keep ? old : std::nullopt;
  result.lock = solve_lock(world, recipe, options, kept, result.warnings);
  if (!options.packages) return result;
  check_hashes(recipe, result.lock);
  if (old) {
    result.differences = in_words(documents::what_changed(*old, result.lock));
    result.stayed = stayed(*old, result.lock, options.upgrade_only);
  }
  const std::string text = documents::write_lock(result.lock);
  std::error_code error;
  result.written = !fs::exists(path, error) || support::read_file(path) != text;
  if (result.written) support::write_file_atomically(path, text);
  return result;
}

}  // namespace envforge::app
