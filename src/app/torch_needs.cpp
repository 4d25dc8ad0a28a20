#include "torch_needs.hpp"

#include <algorithm>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

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

// "xformers 0.0.28", "xformers >=0.0.28"
std::string named(const PackageNeed& need) {
  const bool exact = support::starts_with(need.versions, "==");
  const std::string versions = exact ? need.versions.substr(2) : need.versions;
  return versions.empty() ? "every version of " + need.package : need.package + " " + versions;
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

struct Remedy {
  std::string change, outcome;
};

class Remedies {
 public:
  Remedies(World& world, const PackagesToLock& what) : world_(world), what_(what) {}

  /// Another torch, as the package needs it.
  void add_torch(const PackageNeed& need) {
    auto recipe = what_.recipe;
    const auto range = versions::VersionRange::parse(specifier_of(need));
    if (!range) return;
    recipe.spec.torch.version.value = *range;
    const auto outcome = resolve::resolve(recipe.spec, world_.knowledge);
    const auto* solution = std::get_if<resolve::Solution>(&outcome);
    if (solution == nullptr) {
      const auto& conflict = std::get<resolve::Conflict>(outcome);
      if (!conflict.items.empty() && !conflict.items.back().fact.empty()) {
        const auto& item = conflict.items.back();
        dead_ends.push_back(need.needs + " is no way out: " + item.fact +
                            (item.source.empty() ? "" : " [" + item.source + "]"));
      }
      return;
    }
    const auto& platform = solution->platforms.front();
    if (!solved(recipe, platform)) return;
    found.push_back({"torch.version: \"" + platform.torch + "\"", "torch " + platform.torch + ", CUDA " +
                                                                      platform.cuda + ", Python " + platform.python +
                                                                      ", with all packages of the recipe"});
  }

  /// Another version of the package, for the torch that was chosen.
  void add_package(const PackageNeed& need) {
    const auto* requirement = requirement_of(what_.recipe, need.package);
    if (requirement == nullptr || without_versions(requirement->value) == requirement->value) return;
    auto recipe = what_.recipe;
    for (auto& line : recipe.spec.pip) {
      if (versions::requirement_name(line.value) == need.package) line.value = without_versions(line.value);
    }
    const auto wheels = solved(recipe, what_.solution);
    if (!wheels) return;
    for (const auto& wheel : *wheels) {
      if (versions::normal_name(wheel.name) != need.package) continue;
      found.push_back({"packages.pip: \"" + without_versions(requirement->value) + "==" + wheel.version + "\"",
                       "the newest that takes torch " + what_.solution.torch});
    }
  }

  std::vector<Remedy> found;
  std::vector<std::string> dead_ends;

 private:
  std::optional<std::vector<documents::LockedWheel>> solved(const documents::Recipe& recipe,
                                                            const resolve::PlatformSolution& solution) {
    const auto answer = lock_wheels(world_, {recipe, what_.options, solution, nullptr, what_.lock});
    if (const auto* wheels = std::get_if<std::vector<documents::LockedWheel>>(&answer)) return *wheels;
    return std::nullopt;
  }

  World& world_;
  const PackagesToLock& what_;
};

}  // namespace

std::vector<PackageNeed> torch_needs(const PythonConflict& conflict) {
  return packages::needs_of(conflict, kTorch);
}

std::optional<ImageSpec> narrowed_to_needs(const ImageSpec& spec, const PythonConflict& conflict) {
  ImageSpec narrowed = spec;
  auto& version = narrowed.torch.version.value;
  for (const auto& need : torch_needs(conflict)) {
    if (version.text().find(specifier_of(need)) != std::string::npos) continue;
    const auto both =
        versions::VersionRange::parse((version.is_any() ? "" : version.text() + ",") + specifier_of(need));
    if (both) version = *both;
  }
  if (version == spec.torch.version.value) return std::nullopt;
  return narrowed;
}

void add_need_to_reasons(documents::LockedPlatform& locked, const PackageNeed& need) {
  for (auto& choice : locked.choices) {
    if (choice.component == kTorch) choice.reason += "; " + named(need) + " needs " + need.needs;
  }
}

Error torch_conflict_error(World& world, const PackagesToLock& what, const PythonConflict& conflict) {
  const auto needs = torch_needs(conflict);
  if (needs.empty()) return packages_error(conflict, what.recipe);
  const auto& need = needs.front();
  const auto* requirement = requirement_of(what.recipe, need.package);
  const auto& torch = what.recipe.spec.torch.version;
  Error error(ErrorCode::kPythonConflict,
              "no set of Python packages satisfies the recipe: " + support::printable(named(need)) + " needs " +
                  support::printable(need.needs) + ", the recipe and its target give torch " + what.solution.torch,
              requirement != nullptr ? requirement->where : support::Where{what.recipe.file, 0, 0, {}},
              "change one of the lines that are named");
  for (const auto& one : needs) {
    const auto* line = requirement_of(what.recipe, one.package);
    error.note("- " +
               (line != nullptr ? line->value + at(line->where) : one.package + ", which another package needs"));
    error.note("    " + support::printable(named(one)) + " requires " + support::printable(one.needs) +
               " [its own metadata on the index]");
  }
  error.note("- torch " + torch.value.text() + at(torch.where));
  error.note("    torch " + what.solution.torch + ": " + reason_of(what.solution, kTorch));
  Remedies remedies(world, what);
  remedies.add_torch(need);
  remedies.add_package(need);
  for (const auto& line : remedies.dead_ends) error.note(line);
  if (remedies.found.empty()) {
    error.note("No change of one of these lines helps: both were tried.");
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
