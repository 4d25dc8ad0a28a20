#include "lock_solver.hpp"

#include <algorithm>
#include <future>
#include <set>
#include <tuple>

#include <envforge/app/site_requests.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/resolve.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/python_name.hpp>

#include "base_image.hpp"
#include "lock_packages.hpp"
#include "stale_packages.hpp"
#include "torch_needs.hpp"

namespace envforge::app {
namespace {

using documents::Lock;
using documents::LockedPlatform;

std::string second_of(const std::string& date) {
  constexpr std::size_t kDateOnly = 10;
  return date.size() == kDateOnly ? date + "T00:00:00Z" : date;
}

std::string cutoff(const documents::Recipe& recipe, const LockOptions& options, const std::optional<Lock>& old,
                   const std::string& data_as_of) {
  const bool alone = old && !options.upgrade_only.empty();
  return second_of(!options.exclude_newer.empty() && !alone ? options.exclude_newer
                   : !recipe.spec.exclude_newer.empty()     ? recipe.spec.exclude_newer
                   : old && !options.upgrade                ? old->exclude_newer
                                                            : data_as_of);
}

// The packages that are upgraded alone take what came since; the others' cutoff, and with it the base, stays. Where the
// recipe fixes that cutoff, an upgrade of everything does not take them back to it.
std::map<std::string, std::string> cutoffs_apart(const LockOptions& options, const std::optional<Lock>& old,
                                                 const Lock& now) {
  if (!old || (options.upgrade && now.spec.exclude_newer.empty())) return {};
  auto cutoffs = old->exclude_newer_of;
  std::erase_if(cutoffs, [&](const auto& entry) { return entry.second <= now.exclude_newer; });
  const std::string date = second_of(options.exclude_newer.empty() ? now.data_as_of : options.exclude_newer);
  for (const auto& name : options.upgrade_only) {
    if (date > now.exclude_newer && has_wheel(*old, name)) cutoffs[name] = date;
  }
  return cutoffs;
}

// A lock of a cutoff that is to come is not the same lock tomorrow. The data's own date is no wish.
std::vector<std::string> open_cutoffs(const Lock& lock, const std::string& now) {
  std::vector<std::string> lines;
  const auto look = [&](const std::string& what, const std::string& cutoff) {
    if (cutoff <= now || cutoff == second_of(lock.data_as_of)) return;
    lines.push_back("the cutoff " + cutoff + what + " lies in the future: what is uploaded until then is taken too, " +
                    "so the same recipe can give another lock later");
  };
  look("", lock.exclude_newer);
  for (const auto& [name, cutoff] : lock.exclude_newer_of) look(" of " + name, cutoff);
  return lines;
}

LockedPlatform from_solution(const resolve::PlatformSolution& solution, const World& world) {
  LockedPlatform locked;
  locked.python = solution.python;
  locked.python_archive = solution.python_archive;
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

std::optional<resolve::OldChoice> old_choice(const std::optional<Lock>& old, const LockOptions& options) {
  const bool forget = options.upgrade || std::find(options.upgrade_only.begin(), options.upgrade_only.end(), "torch") !=
                                             options.upgrade_only.end();
  if (!old || forget || old->platforms.empty()) return std::nullopt;
  const auto& first = old->platforms.begin()->second;
  return resolve::OldChoice{first.torch, first.cuda_variant};
}

// The site's archives. What an older lock has stays, whichever patches of it the site has now.
std::vector<documents::PythonArchive> pythons_for(const World& world, const std::optional<Lock>& old,
                                                  const LockOptions& options) {
  auto pythons = site_pythons(world.site);
  if (!old || options.upgrade) return pythons;
  for (const auto& [platform, locked] : old->platforms) {
    if (!locked.python_archive) continue;
    std::erase_if(pythons, [&, &name = platform, &python = locked.python](const auto& archive) {
      return archive.platform == name && versions::python_series(archive.version) == python;
    });
    pythons.push_back(*locked.python_archive);
  }
  return pythons;
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

// A version set with its packages, or with why uv found none.
struct Attempt {
  resolve::Solution solution;
  Lock lock;
  std::optional<packages::PythonConflict> conflict;
  StalePackages stale;
  std::vector<Prerelease> prereleases;
};

/// One way from recipe to lock. Packages that pin torch can make it be gone again, with another torch.
class Solver {
 public:
  Solver(World& world, const documents::Recipe& recipe, const LockOptions& options, const std::optional<Lock>& old)
      : world_(world), recipe_(recipe), options_(options), old_(old), pythons_(pythons_for(world, old, options)) {}

  Lock solve(std::vector<std::string>& warnings) {
    const auto outcome = resolve::resolve(recipe_.spec, world_.knowledge, pythons_, old_choice(old_, options_));
    if (const auto* conflict = std::get_if<resolve::Conflict>(&outcome)) throw resolve::conflict_error(*conflict);
    Attempt attempt = try_out(std::get<resolve::Solution>(outcome), {});
    if (attempt.conflict) attempt = with_another_torch(attempt);
    if (!attempt.stale.packages.empty()) attempt = with_newer_packages(std::move(attempt));
    warnings = in_words(attempt.solution.warnings);
    const std::size_t platforms = attempt.lock.platforms.size();
    for (const auto& lines :
         {stale_warnings(attempt.stale, torch_of(attempt.solution), kept(), platforms),
          prerelease_warnings(attempt.prereleases, platforms), open_cutoffs(attempt.lock, world_.now())})
      warnings.insert(warnings.end(), lines.begin(), lines.end());
    return attempt.lock;
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
    return {recipe_, options_, solution, options_.upgrade ? nullptr : old_platform(old_, solution.platform),
            lock,    pythons_};
  }

  Attempt try_out(const resolve::Solution& solution, const std::vector<packages::PackageNeed>& needs) {
    Attempt attempt{solution, start(solution), std::nullopt, {}, {}};
    for (const auto& platform : solution.platforms) {
      auto& locked = attempt.lock.platforms[platform.platform] = from_solution(platform, world_);
      for (const auto& need : needs) add_need_to_reasons(locked, need);
      if (!options_.packages) continue;
      world_.events.step("resolving Python and Debian packages for " + platform.platform);
      if (add_packages(platform, locked, attempt)) return attempt;
    }
    return attempt;
  }

  // uv, apt and the registry are asked at once: each mostly waits for its own network. Whether there is a conflict.
  bool add_packages(const resolve::PlatformSolution& platform, LockedPlatform& locked, Attempt& attempt) {
    const PackagesToLock asked = what(platform, attempt.lock);
    auto system = std::async(std::launch::async, [&] { return lock_system(world_, asked); });
    auto tools = std::async(std::launch::async, [&] { return lock_tools(world_, asked); });
    std::set<std::string> direct;
    const auto answer = resolve_wheels(world_, asked, direct);
    if (const auto* conflict = std::get_if<packages::PythonConflict>(&answer)) {
      attempt.conflict = *conflict;
      return true;
    }
    const auto& wheels = std::get<std::vector<packages::ResolvedWheel>>(answer);
    locked.wheels = locked_rows(wheels, direct);
    add_stale(attempt.stale, stale_packages(world_, asked, wheels));
    add_prereleases(world_, attempt.prereleases, asked, wheels);
    lock_toolkit(world_, asked, locked);
    lock_builds(world_, asked, locked);
    locked.tools = tools.get();
    auto base = system.get();
    locked.base = std::move(base.base);
    locked.debs = std::move(base.debs);
    locked.builder_debs = std::move(base.builder_debs);
    keep_built_wheels(platform.platform, asked.old, options_.upgrade_only, locked);
    return false;
  }

  bool kept() const { return old_choice(old_, options_).has_value(); }

  void say_tried(const TorchChoice& choice) const {
    const auto& need = choice.needs.front();
    world_.events.note(named(need) + " needs " + need.needs + ": torch " + torch_of(choice.solution) + " is tried");
  }

  // Each torch that the packages of uv's answers need, newest first; throws where none goes with all of them.
  Attempt with_another_torch(const Attempt& first) {
    std::set<std::string> tried{torch_of(first.solution)};
    std::vector<TorchChoice> open;
    auto conflict = *first.conflict;
    auto narrowed = recipe_.spec;
    for (;;) {
      for (const auto& spec : {recipe_.spec, narrowed}) {
        for (auto& choice : torches_needed(spec, world_.knowledge, pythons_, conflict)) {
          if (tried.insert(torch_of(choice.solution)).second) open.push_back(std::move(choice));
        }
      }
      if (open.empty())
        throw torch_conflict_error(world_, what(first.solution.platforms.front(), first.lock), *first.conflict, tried);
      std::stable_sort(open.begin(), open.end(), newer_torch);
      const TorchChoice choice = std::move(open.front());
      open.erase(open.begin());
      say_tried(choice);
      Attempt attempt = try_out(choice.solution, choice.needs);
      if (!attempt.conflict) return attempt;
      conflict = *attempt.conflict;
      if (conflict.kind == packages::PythonConflict::Kind::kIndexUnreachable) throw packages_error(conflict, recipe_);
      narrowed = choice.spec;
    }
  }

  // A newer package before a newer torch, unless the lock or the recipe keeps the torch.
  Attempt with_newer_packages(Attempt attempt) {
    if (!attempt.stale.better || kept()) return attempt;
    TorchChoice choice{recipe_.spec, *attempt.stale.better, {}};
    for (const auto& package : attempt.stale.packages)
      choice.needs.push_back({package.package, "==" + package.newer, "torch==" + attempt.stale.torch});
    say_tried(choice);
    Attempt newer = try_out(choice.solution, choice.needs);
    if (!newer.conflict && newer.stale.packages.empty()) return newer;
    attempt.stale.torch = "";
    return attempt;
  }

  World& world_;
  const documents::Recipe& recipe_;
  const LockOptions& options_;
  const std::optional<Lock>& old_;
  const std::vector<documents::PythonArchive> pythons_;
};

}  // namespace

bool has_wheel(const Lock& lock, const std::string& name) {
  return std::any_of(lock.platforms.begin(), lock.platforms.end(), [&](const auto& entry) {
    const auto named = [&](const auto& wheel) { return versions::normal_name(wheel.name) == name; };
    const auto& [wheels, tools] = std::tie(entry.second.wheels, entry.second.tools);
    return std::any_of(wheels.begin(), wheels.end(), named) || std::any_of(tools.begin(), tools.end(), named);
  });
}

Lock solve_lock(World& world, const documents::Recipe& recipe, const LockOptions& options,
                const std::optional<Lock>& old, std::vector<std::string>& warnings) {
  return Solver(world, recipe, options, old).solve(warnings);
}

}  // namespace envforge::app
