#include <algorithm>
#include <set>

#include <envforge/app/site_requests.hpp>
#include <envforge/documents/source_package.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

#include "local_source.hpp"
#include "lock_packages.hpp"

namespace envforge::app {
namespace {

using documents::BuildWish;
using documents::LockedBuild;
using documents::SourceAddress;
using documents::SourceKind;
using support::Error;
using support::ErrorCode;
using versions::Version;

// The machine code that a package must have; the resolver made sure that it can be compiled.
std::vector<std::string> architectures_of(const BuildWish& wish, const resolve::PlatformSolution& solution) {
  std::set<std::pair<Version, std::string>> wanted;
  for (const auto& [pool, architectures] : solution.architectures_of_pool) {
    if (wish.pools && std::find(wish.pools->begin(), wish.pools->end(), pool) == wish.pools->end()) continue;
    for (const auto& sm : architectures) wanted.emplace(Version::of(sm.substr(3)), sm);
  }
  std::vector<std::string> out;
  for (const auto& [cc, sm] : wanted) out.push_back(sm);
  return out;
}

LockedBuild locked_build(World& world, const PackagesToLock& what, const packages::PythonRequest& site,
                         const BuildWish& wish) {
  const SourceAddress source = documents::parse_source(wish.source.value);
  LockedBuild build;
  build.name = source.name;
  build.source = wish.source.value;
  build.needs = wish.needs;
  build.environment = wish.environment;
  build.architectures = architectures_of(wish, what.solution);
  if (source.kind == SourceKind::kLocal) build.sha256 = local_source_digest(what.recipe, source);
  if (source.kind != SourceKind::kSdist) return build;
  const auto answer = world.python.find_sdist(site, source.name, source.version);
  if (const auto* conflict = std::get_if<packages::PythonConflict>(&answer)) {
    Error error = packages_error(*conflict, what.recipe);
    throw Error(error.code(), error.message(), wish.source.where, error.hint());
  }
  const auto& sdist = std::get<packages::ResolvedSdist>(answer);
  build.index = sdist.index;
  build.filename = sdist.filename;
  build.sha256 = sdist.sha256;
  return build;
}

std::vector<std::string> needs_of(const World& world, const PackagesToLock& what,
                                  const documents::LockedPlatform& locked) {
  std::vector<std::string> needs = build_tools();
  const auto add = [&](const std::vector<std::string>& more) { needs.insert(needs.end(), more.begin(), more.end()); };
  for (const auto& build : locked.builds) {
    for (const auto& need : build.needs) {
      const auto is_it = [&](const LockedBuild* other) { return other->name == versions::requirement_name(need); };
      const auto built = documents::built_needs(locked, build);
      if (std::none_of(built.begin(), built.end(), is_it)) needs.push_back(need);
    }
  }
  const auto& wishes = what.recipe.spec.build;
  const auto compiled = std::find_if(wishes.begin(), wishes.end(), documents::needs_machine_code);
  if (compiled != wishes.end()) add(nvcc_requirements(world, locked, compiled->source.where));
  return needs;
}

// Of each build, the wheels of the image that require it.
void note_requirers(const std::vector<packages::ResolvedWheel>& answer, documents::LockedPlatform& locked) {
  for (const auto& row : answer) {
    if (row.index != packages::kProvided) continue;
    const auto build = std::find_if(locked.builds.begin(), locked.builds.end(),
                                    [&](const LockedBuild& one) { return one.name == row.name; });
    if (build == locked.builds.end()) continue;
    for (const auto& wheel : locked.wheels) {
      if (std::find(row.required_by.begin(), row.required_by.end(), wheel.name) != row.required_by.end())
        build->required_by.push_back(wheel.name + "==" + wheel.version);
    }
  }
}

}  // namespace

std::vector<BuildWish> builds_of(const documents::ImageSpec& spec) {
  std::vector<BuildWish> wishes = spec.build;
  for (const auto& requirement : spec.pip) {
    if (documents::is_git_requirement(requirement.value))
      wishes.push_back({requirement, std::vector<std::string>{}, {}});
  }
  return documents::in_build_order(wishes);
}

void lock_builds(World& world, const PackagesToLock& what, documents::LockedPlatform& locked) {
  const auto wishes = builds_of(what.recipe.spec);
  if (wishes.empty()) return;
  std::set<std::string> direct;
  const auto request = wheels_request(world, what, direct);
  for (const auto& wish : wishes) {
    packages::PythonRequest site = request;
    site.requirements = {documents::parse_source(wish.source.value).name};
    site.provided.clear();  // here its sdist is what is looked for
    add_site_indexes(world, site);
    locked.builds.push_back(locked_build(world, what, site, wish));
  }
  const auto answered =
      resolve_beside(world, what, locked, needs_of(world, what, locked), "what packages.build needs beside them");
  note_requirers(answered, locked);
  locked.build_wheels = rows_beside(answered, locked);
}

void keep_built_wheels(const std::string& platform, const documents::LockedPlatform* old,
                       const std::vector<std::string>& upgraded, documents::LockedPlatform& locked) {
  if (old == nullptr) return;
  for (const auto& build : locked.builds) {
    if (std::find(upgraded.begin(), upgraded.end(), build.name) != upgraded.end()) continue;
    for (const auto& before : old->builds) {
      const auto* wheel = documents::built_wheel(*old, before);
      if (before.name != build.name || wheel == nullptr) continue;
      if (documents::build_key(platform, *old, before) == documents::build_key(platform, locked, build))
        add_wheel(locked, *wheel);
    }
  }
}

void add_wheel(documents::LockedPlatform& locked, documents::LockedWheel wheel) {
  const auto place = std::find_if(locked.wheels.begin(), locked.wheels.end(),
                                  [&](const documents::LockedWheel& other) { return other.name > wheel.name; });
  locked.wheels.insert(place, std::move(wheel));
}

std::vector<std::string> changed_sources(const documents::Recipe& recipe, const documents::Lock& old) {
  std::vector<std::string> out;
  for (const auto& [name, platform] : old.platforms) {
    for (const auto& build : platform.builds) {
      const auto source = documents::parse_source(build.source);
      if (source.kind == SourceKind::kLocal && local_source_digest(recipe, source) != build.sha256)
        out.push_back(build.source);
    }
    break;  // the others have the same
  }
  return out;
}

}  // namespace envforge::app
