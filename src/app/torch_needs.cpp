#include "torch_needs.hpp"

#include <algorithm>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

#include "stale_packages.hpp"

namespace envforge::app {
namespace {

using documents::ImageSpec;
using packages::PackageNeed;
using packages::PythonConflict;
using support::Error;
using support::ErrorCode;

constexpr const char* kTorch = "torch";

std::string specifier_of(const PackageNeed& need) {
  return need.needs.substr(std::string(kTorch).size());
}

const documents::Located<std::string>* requirement_of(const documents::Recipe& recipe, const std::string& package) {
  const auto& pip = recipe.spec.pip;
  const auto found = std::find_if(pip.begin(), pip.end(), [&](const auto& requirement) {
    return versions::requirement_name(requirement.value) == package;
  });
  return found == pip.end() ? nullptr : &*found;
}

std::string at(const support::Where& where) {
  const std::string text = support::to_string(where);
  return text.empty() ? "" : " (" + text + ")";
}

std::string reason_of(const resolve::PlatformSolution& solution, const std::string& component) {
  for (const auto& choice : solution.choices) {
    if (choice.component == component) return choice.reason + (choice.source.empty() ? "" : " [" + choice.source + "]");
  }
  return "";
}

// NAME[EXTRA] of a requirement, without versions and marker.
std::string without_versions(const std::string& requirement) {
  return support::trim(requirement.substr(0, requirement.find_first_of("=<>~!;@( ")));
}

// The spec whose torch must also be what the packages need; nullopt if that is no range.
std::optional<ImageSpec> narrowed_to(const ImageSpec& spec, const std::vector<PackageNeed>& needs) {
  ImageSpec narrowed = spec;
  auto& version = narrowed.torch.version.value;
  for (const auto& need : needs) {
    const auto both =
        versions::VersionRange::parse((version.is_any() ? "" : version.text() + ",") + specifier_of(need));
    if (!both) return std::nullopt;
    version = *both;
  }
  return narrowed;
}

struct Remedy {
  std::string change, outcome;
};

class Remedies {
 public:
  Remedies(World& world, const PackagesToLock& what) : world_(world), what_(what) {}

  /// Each torch that the packages need and that was not tried, newest first.
  void add_torches(const PythonConflict& conflict, const std::set<std::string>& tried) {
    constexpr std::size_t kMost = 3;
    ImageSpec open = what_.recipe.spec;
    open.torch.version.value = {};
    for (const auto& choice : torches_needed(open, world_.knowledge, what_.pythons, conflict)) {
      if (found.size() == kMost) return;
      const auto& platform = choice.solution.platforms.front();
      if (tried.count(platform.torch) > 0 || !solved(what_.recipe, platform)) continue;
      found.push_back({"torch.version: \"" + platform.torch + "\"", "torch " + platform.torch + ", CUDA " +
                                                                        platform.cuda + ", Python " + platform.python +
                                                                        ", with all packages of the recipe"});
    }
  }

  /// Why the torch that a package needs cannot be had.
  void add_dead_end(const PackageNeed& need) {
    constexpr std::size_t kMost = 3;
    auto spec = what_.recipe.spec;
    const auto range = versions::VersionRange::parse(specifier_of(need));
    if (!range || dead_ends.size() == kMost) return;
    spec.torch.version.value = *range;
    const auto outcome = resolve::resolve(spec, world_.knowledge, what_.pythons);
    const auto* conflict = std::get_if<resolve::Conflict>(&outcome);
    if (conflict == nullptr || conflict->items.empty() || conflict->items.back().fact.empty()) return;
    const auto& item = conflict->items.back();
    dead_ends.push_back(need.needs + " is no way out: " + item.fact +
                        (item.source.empty() ? "" : " [" + item.source + "]"));
  }

  /// Another version of the package, for the torch that was chosen; none from before that torch.
  void add_package(const std::string& package) {
    const auto* requirement = requirement_of(what_.recipe, package);
    if (requirement == nullptr || without_versions(requirement->value) == requirement->value) return;
    auto recipe = what_.recipe;
    for (auto& line : recipe.spec.pip) {
      if (versions::requirement_name(line.value) == package) line.value = without_versions(line.value);
    }
    const auto wheels = solved(recipe, what_.solution);
    if (!wheels ||
        !stale_packages(world_, {recipe, what_.options, what_.solution, nullptr, what_.lock, what_.pythons}, *wheels)
             .packages.empty())
      return;
    for (const auto& wheel : *wheels) {
      if (versions::normal_name(wheel.name) != package) continue;
      found.push_back({"packages.pip: \"" + without_versions(requirement->value) + "==" + wheel.version + "\"",
                       "in place of '" + requirement->value +
                           "', which it does not satisfy: the newest that takes torch " + what_.solution.torch});
    }
  }

  std::vector<Remedy> found;
  std::vector<std::string> dead_ends;

 private:
  std::optional<std::vector<packages::ResolvedWheel>> solved(const documents::Recipe& recipe,
                                                             const resolve::PlatformSolution& solution) {
    std::set<std::string> direct;
    const auto answer =
        resolve_wheels(world_, {recipe, what_.options, solution, nullptr, what_.lock, what_.pythons}, direct);
    if (const auto* wheels = std::get_if<std::vector<packages::ResolvedWheel>>(&answer)) return *wheels;
    return std::nullopt;
  }

  World& world_;
  const PackagesToLock& what_;
};

}  // namespace

std::string torch_of(const resolve::Solution& solution) {
  return solution.platforms.front().torch;
}

bool newer_torch(const TorchChoice& a, const TorchChoice& b) {
  return versions::Version::of(torch_of(a.solution)) > versions::Version::of(torch_of(b.solution));
}

// "xformers 0.0.28", "xformers >=0.0.28"
std::string named(const PackageNeed& need) {
  const bool exact = support::starts_with(need.versions, "==");
  const std::string versions = exact ? need.versions.substr(2) : need.versions;
  return versions.empty() ? "every version of " + need.package : need.package + " " + versions;
}

std::vector<TorchChoice> torches_needed(const ImageSpec& spec, const compat::Knowledge& knowledge,
                                        const std::vector<documents::PythonArchive>& pythons,
                                        const PythonConflict& conflict) {
  const auto needs = packages::needs_of(conflict, kTorch);
  std::vector<std::vector<PackageNeed>> together;
  if (needs.size() > 1) together.push_back(needs);
  for (const auto& need : needs) together.push_back({need});
  std::vector<TorchChoice> choices;
  for (const auto& group : together) {
    const auto narrowed = narrowed_to(spec, group);
    if (!narrowed) continue;
    const auto outcome = resolve::resolve(*narrowed, knowledge, pythons);
    const auto* solution = std::get_if<resolve::Solution>(&outcome);
    if (solution == nullptr) continue;
    const auto same = [&](const TorchChoice& one) { return torch_of(one.solution) == torch_of(*solution); };
    const auto known = std::find_if(choices.begin(), choices.end(), same);
    if (known == choices.end()) {
      choices.push_back({*narrowed, *solution, group});
    } else if (group.size() == 1 && known->needs.size() == 1) {
      known->needs.push_back(group.front());
    }
  }
  std::stable_sort(choices.begin(), choices.end(), newer_torch);
  return choices;
}

void add_need_to_reasons(documents::LockedPlatform& locked, const PackageNeed& need) {
  for (auto& choice : locked.choices) {
    if (choice.component == kTorch) choice.reason += "; " + named(need) + " needs " + need.needs;
  }
}

Error torch_conflict_error(World& world, const PackagesToLock& what, const PythonConflict& conflict,
                           const std::set<std::string>& tried) {
  const auto needs = packages::needs_of(conflict, kTorch);
  if (needs.empty()) return packages_error(conflict, what.recipe);
  const auto& need = needs.front();
  const auto* requirement = requirement_of(what.recipe, need.package);
  const auto& torch = what.recipe.spec.torch.version;
  Error error(ErrorCode::kPythonConflict,
              "no set of Python packages satisfies the recipe: " + support::printable(named(need)) + " needs " +
                  support::printable(need.needs) + ", the recipe and its target give torch " + what.solution.torch,
              requirement != nullptr ? requirement->where : support::Where{what.recipe.file, 0, 0, {}},
              "change one of the lines that are named");
  std::string last;
  for (const auto& one : needs) {
    const auto* line = requirement_of(what.recipe, one.package);
    if (one.package != last)
      error.note("- " +
                 (line != nullptr ? line->value + at(line->where) : one.package + ", which another package needs"));
    last = one.package;
    error.note("    " + support::printable(named(one)) + " requires " + support::printable(one.needs) +
               " [its own metadata on the index]");
  }
  error.note("- torch " + torch.value.text() + at(torch.where));
  error.note("    torch " + what.solution.torch + ": " + reason_of(what.solution, kTorch));
  Remedies remedies(world, what);
  remedies.add_torches(conflict, tried);
  std::set<std::string> packages;
  for (const auto& one : needs) {
    if (packages.insert(one.package).second) remedies.add_package(one.package);
    remedies.add_dead_end(one);
  }
  for (const auto& line : remedies.dead_ends) error.note(line);
  if (remedies.found.empty()) {
    error.note("No change of one of these lines helps: each was tried.");
    return error;
  }
  error.note("What would work (each was solved):");
  int number = 0;
  for (const auto& remedy : remedies.found) {
    error.note("  " + std::to_string(++number) + ". " + remedy.change);
    error.note("      " + remedy.outcome);
  }
  return error;
}

}  // namespace envforge::app
