#include <envforge/app/lock_recipe.hpp>

#include <algorithm>
#include <future>
#include <optional>

#include <envforge/app/load_recipe.hpp>
#include <envforge/documents/changes.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/resolve.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "base_image.hpp"
#include "lock_packages.hpp"

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

[[noreturn]] void refuse_stale(const documents::Recipe& recipe, const Lock& old, const fs::path& path) {
  Error error(ErrorCode::kLockStale, "the recipe changed since " + path.string() + " was written",
              support::Where{recipe.file, 0, 0, {}});
  for (const auto& line : in_words(documents::what_changed(old.spec, recipe.spec))) error.note(line);
  throw error;
}

std::string cutoff(const documents::Recipe& recipe, const LockOptions& options, const std::optional<Lock>& old,
                   const std::string& data_as_of) {
  std::string date = !options.exclude_newer.empty()       ? options.exclude_newer
                     : !recipe.spec.exclude_newer.empty() ? recipe.spec.exclude_newer
                     : old && !options.upgrade            ? old->exclude_newer
                                                          : data_as_of;
  constexpr std::size_t kDateOnly = 10;
  return date.size() == kDateOnly ? date + "T00:00:00Z" : date;
}

LockedPlatform from_solution(const resolve::PlatformSolution& solution, const World& world) {
  LockedPlatform locked;
  locked.python = solution.python;
  locked.torch = solution.torch;
  locked.cuda_variant = solution.cuda_variant;
  locked.cuda = solution.cuda;
  locked.cudnn = solution.cudnn;
  locked.nccl = solution.nccl;
  const bool folder = !world.site.wheels_dir.value.empty();
  locked.torch_index = folder                         ? packages::kFolderIndex
                       : solution.torch_index.empty() ? packages::kDefaultPythonIndex
                                                      : solution.torch_index;
  locked.require_cuda = solution.require_cuda;
  locked.cxx11_abi = solution.cxx11_abi;
  locked.cxx_standard = solution.cxx_standard;
  locked.gpu_architectures = solution.gpu_architectures;
  locked.choices = solution.choices;
  return locked;
}

const LockedPlatform* old_platform(const std::optional<Lock>& old, const std::string& platform) {
  if (!old) return nullptr;
  const auto entry = old->platforms.find(platform);
  return entry == old->platforms.end() ? nullptr : &entry->second;
}

// uv, apt and the registry are asked at once: each mostly waits for its own network.
void add_packages(World& world, const documents::Recipe& recipe, const LockOptions& options,
                  const resolve::PlatformSolution& solution, const LockedPlatform* old, Lock& lock,
                  LockedPlatform& locked) {
  const PackagesToLock what{recipe, options, solution, options.upgrade ? nullptr : old, lock.exclude_newer};
  auto system = std::async(std::launch::async, [&] { return lock_system(world, what); });
  auto tools = std::async(std::launch::async, [&] { return lock_tools(world, what); });
  locked.wheels = lock_wheels(world, what);
  locked.tools = tools.get();
  auto base = system.get();
  locked.base = std::move(base.base);
  locked.debs = std::move(base.debs);
  locked.builder_debs = std::move(base.builder_debs);
}

std::optional<resolve::OldChoice> old_choice(const std::optional<Lock>& old, const LockOptions& options) {
  const bool forget = options.upgrade || std::find(options.upgrade_only.begin(), options.upgrade_only.end(), "torch") !=
                                             options.upgrade_only.end();
  if (!old || forget || old->platforms.empty()) return std::nullopt;
  const auto& first = old->platforms.begin()->second;
  return resolve::OldChoice{first.torch, first.cuda_variant};
}

Lock solve(World& world, const documents::Recipe& recipe, const LockOptions& options, const std::optional<Lock>& old,
           std::vector<std::string>& warnings) {
  const auto outcome = resolve::resolve(recipe.spec, world.knowledge, old_choice(old, options));
  if (const auto* conflict = std::get_if<resolve::Conflict>(&outcome)) throw resolve::conflict_error(*conflict);
  const auto& solution = std::get<resolve::Solution>(outcome);
  for (const auto& warning : solution.warnings) {
    const std::string where = support::to_string(warning.where);
    warnings.push_back(warning.text + (where.empty() ? "" : " (" + where + ")") +
                       (warning.source.empty() ? "" : " [" + warning.source + "]"));
  }
  Lock lock;
  lock.spec = recipe.spec;
  lock.data_digest = solution.data_digest;
  lock.data_as_of = solution.data_as_of;
  lock.exclude_newer = cutoff(recipe, options, old, solution.data_as_of);
  for (const auto& platform : solution.platforms) {
    auto& locked = lock.platforms[platform.platform] = from_solution(platform, world);
    if (options.packages) {
      world.events.step("resolving Python and Debian packages for " + platform.platform);
      add_packages(world, recipe, options, platform, old_platform(old, platform.platform), lock, locked);
    }
  }
  return lock;
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
  const bool changed = !old || documents::spec_digest(old->spec) != documents::spec_digest(recipe.spec);
  if (options.mode == LockMode::kLocked && changed) refuse_stale(recipe, *old, path);
  const bool again = changed || options.always || options.upgrade || !options.upgrade_only.empty() ||
                     (old && other_source(world, *old));
  if (must_exist || !again) {
    result.lock = *old;
    return result;
  }
  const bool keep = old && !other_source(world, *old);
  result.lock = solve(world, recipe, options, keep ? old : std::nullopt, result.warnings);
  if (!options.packages) return result;
  if (old) result.differences = in_words(documents::what_changed(*old, result.lock));
  const std::string text = documents::write_lock(result.lock);
  std::error_code error;
  result.written = !fs::exists(path, error) || support::read_file(path) != text;
  if (result.written) support::write_file_atomically(path, text);
  return result;
}

}  // namespace envforge::app
