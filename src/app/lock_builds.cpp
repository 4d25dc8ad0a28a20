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

// What nearly every build script of a torch extension imports; the others stand under `needs`.
const std::vector<std::string> kBuildTools = {"setuptools", "wheel", "ninja", "packaging"};

std::vector<std::string> pools_of(const BuildWish& wish, const documents::ImageSpec& spec) {
  if (wish.pools) return *wish.pools;
  std::vector<std::string> all;
  for (const auto& pool : spec.pools) all.push_back(pool.name);
  return all;
}

Error no_compiler(const BuildWish& wish, const std::string& name, const std::vector<std::string>& pools,
                  const std::string& why, const std::string& hint) {
  return Error(ErrorCode::kNoCudaCompiler,
               name + " must have machine code for " + support::join(pools, ", ") + ", and " + why, wish.source.where,
               hint);
}

// The machine code that a package must have. Throws where nothing can compile it.
std::vector<std::string> architectures_of(const World& world, const PackagesToLock& what, const BuildWish& wish,
                                          const std::string& name) {
  const auto pools = pools_of(wish, what.recipe.spec);
  if (pools.empty()) return {};
  const auto& solution = what.solution;
  const auto refuse = [&](const std::string& why, const std::string& hint) {
    throw no_compiler(wish, name, pools, why, hint);
  };
  const Version cuda = Version::of(solution.cuda);
  const auto* major = world.knowledge.cuda_major(cuda);
  if (major == nullptr || major->nvcc_wheels.empty()) {
    refuse("no CUDA compiler can be had for CUDA " + solution.cuda + ": no wheel of NVIDIA's brings its nvcc" +
               (major == nullptr ? std::string() : " [" + compat::cite(major->evidence) + "]"),
           "take a build of torch for CUDA 13 (`torch: {cuda: cu130}`), name a wheel that was made elsewhere under "
           "packages.pip, or say `pools: []` if it has no CUDA code");
  }
  const auto* toolkit = world.knowledge.toolkit(cuda);
  const auto* base = world.knowledge.base(what.recipe.spec.base.value);
  const bool known = toolkit != nullptr && base != nullptr && !toolkit->host_gcc_max.empty() && !base->gcc.empty();
  if (known && Version::of(base->gcc) > Version::of(toolkit->host_gcc_max)) {
    refuse("nvcc of CUDA " + solution.cuda + " takes g++ up to " + std::string(toolkit->host_gcc_max) + ", " +
               std::string(base->name) + " has " + std::string(base->gcc) + " [" + compat::cite(toolkit->evidence) +
               "]",
           "take an older base");
  }
  std::set<std::pair<Version, std::string>> wanted;
  for (const auto& pool : pools) {
    if (const auto other = solution.not_compiled_for.find(pool); other != solution.not_compiled_for.end()) {
      refuse("torch " + solution.torch + " (" + solution.cuda_variant + ") has none itself for " +
                 support::join(other->second, ", ") + " of " + pool,
             "leave the pool out of the entry's `pools`, or take a torch that has code for it");
    }
    if (const auto found = solution.compiled_for.find(pool); found != solution.compiled_for.end()) {
      for (const auto& sm : found->second) wanted.emplace(Version::of(sm.substr(3)), sm);
    }
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
  build.architectures = architectures_of(world, what, wish, source.name);
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

// The locked closure, exactly, and beside it what the builds need.
packages::PythonRequest tools_request(const World& world, const PackagesToLock& what,
                                      const documents::LockedPlatform& locked, packages::PythonRequest request) {
  std::set<std::string> pinned;
  for (const auto& pin : what.solution.pins) pinned.insert(versions::normal_name(pin.package));
  request.requirements.clear();
  for (const auto& wheel : locked.wheels) {
    if (pinned.count(versions::normal_name(wheel.name)) > 0) continue;
    const bool by_address = support::ends_with(wheel.index, ".whl");
    request.requirements.push_back(by_address ? wheel.name + " @ " + wheel.index + "#sha256=" + wheel.sha256
                                              : wheel.name + "==" + wheel.version);
  }
  const auto add = [&](const auto& more) {
    for (const auto& requirement : more) {
      request.requirements.emplace_back(requirement);
      // A tool is also needed where the image gets a built one of that name.
      request.provided.erase(versions::requirement_name(requirement));
    }
  };
  add(kBuildTools);
  bool cuda = false;
  for (const auto& build : locked.builds) {
    add(build.needs);
    cuda = cuda || !build.architectures.empty();
  }
  if (cuda) {
    for (const auto& wheel : world.knowledge.cuda_major(Version::of(locked.cuda))->nvcc_wheels)
      request.requirements.push_back(std::string(wheel) + "==" + locked.cuda + ".*");
  }
  add_site_indexes(world, request);
  return request;
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
  return wishes;
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
  auto answer = world.python.resolve(tools_request(world, what, locked, request));
  if (const auto* conflict = std::get_if<packages::PythonConflict>(&answer)) {
    throw packages_error(*conflict, what.recipe)
        .note("asked for were the locked packages and what packages.build needs beside them");
  }
  auto& wheels = std::get<std::vector<packages::ResolvedWheel>>(answer);
  note_requirers(wheels, locked);
  std::erase_if(wheels, [](const auto& wheel) { return wheel.index == packages::kProvided; });
  std::set<std::string> in_image;
  for (const auto& wheel : locked.wheels) in_image.insert(wheel.name);
  for (auto& row : locked_rows(wheels, {})) {
    if (in_image.count(row.name) > 0) continue;
    row.heavy = false;
    locked.build_wheels.push_back(std::move(row));
  }
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
        add_built_wheel(locked, *wheel);
    }
  }
}

void add_built_wheel(documents::LockedPlatform& locked, documents::LockedWheel wheel) {
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
