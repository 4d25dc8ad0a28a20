#include <envforge/app/lock_recipe.hpp>

#include <algorithm>
#include <future>
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
#include <envforge/versions/package_name.hpp>

#include "base_image.hpp"
#include "lock_packages.hpp"
#include "torch_needs.hpp"

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

std::string second_of(const std::string& date) {
  constexpr std::size_t kDateOnly = 10;
  return date.size() == kDateOnly ? date + "T00:00:00Z" : date;
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

bool is_wheel(const Lock& lock, const std::string& name) {
  bool found = false;
  for_each_package(lock, [&](const std::string& package, const std::string&, bool wheel) {
    found = found || (wheel && package == name);
  });
  return found;
}

std::string cutoff(const documents::Recipe& recipe, const LockOptions& options, const std::optional<Lock>& old,
                   const std::string& data_as_of) {
  const bool alone = old && !options.upgrade_only.empty();
  return second_of(!options.exclude_newer.empty() && !alone ? options.exclude_newer
                   : !recipe.spec.exclude_newer.empty()     ? recipe.spec.exclude_newer
                   : old && !options.upgrade                ? old->exclude_newer
                                                            : data_as_of);
}

// The packages that are upgraded alone take what came since; the others' cutoff, and with it the base, stays.
std::map<std::string, std::string> cutoffs_apart(const LockOptions& options, const std::optional<Lock>& old,
                                                 const Lock& now) {
  if (!old || options.upgrade) return {};
  auto cutoffs = old->exclude_newer_of;
  const std::string date = second_of(options.exclude_newer.empty() ? now.data_as_of : options.exclude_newer);
  for (const auto& name : options.upgrade_only) {
    if (date > now.exclude_newer && is_wheel(*old, name)) cutoffs[name] = date;
  }
  return cutoffs;
}

void refuse_unknown(const Lock& old, const std::vector<std::string>& upgraded, const std::string& file) {
  const auto known = package_names(old);
  for (const auto& name : upgraded) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw Error(ErrorCode::kUsage, "there is no package '" + support::printable(name) + "' in " + file + " to upgrade",
                std::nullopt, support::did_you_mean(name, known));
  }
}

// What was to be upgraded and has the version that it had.
std::vector<std::string> stayed(const Lock& old, const Lock& now, const std::vector<std::string>& upgraded) {
  std::vector<std::string> out;
  for (const auto& name : upgraded) {
    const auto before = versions_of(old, name), after = versions_of(now, name);
    if (before != after || after.empty()) continue;
    const auto cutoff = now.exclude_newer_of.find(name);
    out.push_back(name + " stays at " + support::join(after, ", ") + ": the newest that fits" +
                  (is_wheel(now, name) ? " and was uploaded before " +
                                             (cutoff == now.exclude_newer_of.end() ? now.exclude_newer : cutoff->second)
                                       : ""));
  }
  return out;
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
std::optional<packages::PythonConflict> add_packages(World& world, const PackagesToLock& what, LockedPlatform& locked) {
  auto system = std::async(std::launch::async, [&] { return lock_system(world, what); });
  auto tools = std::async(std::launch::async, [&] { return lock_tools(world, what); });
  auto wheels = lock_wheels(world, what);
  if (const auto* conflict = std::get_if<packages::PythonConflict>(&wheels)) return *conflict;
  locked.wheels = std::get<std::vector<documents::LockedWheel>>(std::move(wheels));
  lock_toolkit(world, what, locked);
  lock_builds(world, what, locked);
  locked.tools = tools.get();
  auto base = system.get();
  locked.base = std::move(base.base);
  locked.debs = std::move(base.debs);
  locked.builder_debs = std::move(base.builder_debs);
  keep_built_wheels(what.solution.platform, what.old, what.options.upgrade_only, locked);
  return std::nullopt;
}

std::optional<resolve::OldChoice> old_choice(const std::optional<Lock>& old, const LockOptions& options) {
  const bool forget = options.upgrade || std::find(options.upgrade_only.begin(), options.upgrade_only.end(), "torch") !=
                                             options.upgrade_only.end();
  if (!old || forget || old->platforms.empty()) return std::nullopt;
  const auto& first = old->platforms.begin()->second;
  return resolve::OldChoice{first.torch, first.cuda_variant};
}

std::vector<std::string> in_words(const std::vector<resolve::Warning>& warnings) {
  std::vector<std::string> out;
  for (const auto& warning : warnings) {
    const std::string where = support::to_string(warning.where);
    out.push_back(warning.text + (where.empty() ? "" : " (" + where + ")") +
                  (warning.source.empty() ? "" : " [" + warning.source + "]"));
  }
  return out;
}

/// One way from recipe to lock. Packages that pin torch can make it be gone again, with a narrower torch.
class Solver {
 public:
  Solver(World& world, const documents::Recipe& recipe, const LockOptions& options, const std::optional<Lock>& old)
      : world_(world), recipe_(recipe), options_(options), old_(old), spec_(recipe.spec) {}

  Lock solve(std::vector<std::string>& warnings) {
    const auto outcome = resolve::resolve(spec_, world_.knowledge, old_choice(old_, options_));
    if (const auto* conflict = std::get_if<resolve::Conflict>(&outcome)) throw resolve::conflict_error(*conflict);
    auto solution = std::get<resolve::Solution>(outcome);
    for (int round = 0;; ++round) {
      Lock lock = start(solution);
      const auto conflict = add_platforms(lock, solution);
      if (!conflict) {
        warnings = in_words(solution.warnings);
        return lock;
      }
      solution = narrowed(solution, *conflict, lock, round);
    }
  }

 private:
  Lock start(const resolve::Solution& solution) const {
    Lock lock;
    lock.spec = recipe_.spec;
    lock.data_digest = solution.data_digest;
    lock.data_as_of = solution.data_as_of;
    lock.exclude_newer = cutoff(recipe_, options_, old_, solution.data_as_of);
    lock.exclude_newer_of = cutoffs_apart(options_, old_, lock);
    return lock;
  }

  PackagesToLock what(const resolve::PlatformSolution& solution, const Lock& lock) const {
    return {recipe_, options_, solution, options_.upgrade ? nullptr : old_platform(old_, solution.platform), lock};
  }

  std::optional<packages::PythonConflict> add_platforms(Lock& lock, const resolve::Solution& solution) {
    for (const auto& platform : solution.platforms) {
      auto& locked = lock.platforms[platform.platform] = from_solution(platform, world_);
      for (const auto& need : needs_) add_need_to_reasons(locked, need);
      if (!options_.packages) continue;
      world_.events.step("resolving Python and Debian packages for " + platform.platform);
      if (auto conflict = add_packages(world_, what(platform, lock), locked)) return conflict;
    }
    return std::nullopt;
  }

  // The version set with the torch that the packages need; throws where there is none.
  resolve::Solution narrowed(const resolve::Solution& solution, const packages::PythonConflict& conflict,
                             const Lock& lock, int round) {
    constexpr int kMostRounds = 4;
    if (const auto spec = round < kMostRounds ? narrowed_to_needs(spec_, conflict) : std::nullopt) {
      const auto outcome = resolve::resolve(*spec, world_.knowledge);
      if (const auto* answer = std::get_if<resolve::Solution>(&outcome)) {
        spec_ = *spec;
        for (const auto& need : torch_needs(conflict)) needs_.push_back(need);
        world_.events.note(needs_.back().package + " needs " + needs_.back().needs + ": torch " +
                           answer->platforms.front().torch + " is taken");
        return *answer;
      }
    }
    throw torch_conflict_error(world_, what(solution.platforms.front(), lock), conflict);
  }

  World& world_;
  const documents::Recipe& recipe_;
  const LockOptions& options_;
  const std::optional<Lock>& old_;
  documents::ImageSpec spec_;  // the recipe's, its torch narrowed to what packages need
  std::vector<packages::PackageNeed> needs_;
};

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
    return result;
  }
  if (old) refuse_unknown(*old, options.upgrade_only, path.string());
  const bool keep = old && !other_source(world, *old);
  const std::optional<Lock> kept = keep ? old : std::nullopt;
  result.lock = Solver(world, recipe, options, kept).solve(result.warnings);
  if (!options.packages) return result;
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
