#include <algorithm>
#include <set>

#include <envforge/app/site_requests.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

#include "lock_packages.hpp"

namespace envforge::app {
namespace {

using documents::LockedPlatform;
using documents::LockedWheel;
using packages::ResolvedWheel;
using support::Error;
using support::ErrorCode;
using versions::Version;

// What nearly every build script of a torch extension imports, torch.utils.cpp_extension first.
constexpr const char* kBuildTools[] = {"setuptools", "wheel", "ninja", "packaging"};

}  // namespace

std::vector<std::string> build_tools() {
  return {std::begin(kBuildTools), std::end(kBuildTools)};
}

std::vector<std::string> nvcc_requirements(const World& world, const LockedPlatform& locked,
                                           const support::Where& where) {
  const std::string& cuda = locked.cuda;
  const auto* row = world.knowledge.compiler(Version::of(cuda));
  if (row == nullptr || row->wheels.empty()) {
    throw Error(ErrorCode::kNoCudaCompiler,
                "which wheels bring nvcc for CUDA " + cuda + " is not known to the data of " + world.knowledge.as_of(),
                where);
  }
  std::vector<std::string> out;
  for (const auto& wheel : row->wheels) {
    // torch 2.15 itself requires nvidia-cuda-cccl, in a version of its own numbering.
    const bool there = std::any_of(locked.wheels.begin(), locked.wheels.end(),
                                   [&](const LockedWheel& one) { return one.name == wheel; });
    if (!there) out.push_back(std::string(wheel) + "==" + cuda + ".*");
  }
  return out;
}

std::vector<ResolvedWheel> resolve_beside(World& world, const PackagesToLock& what, const LockedPlatform& locked,
                                          const std::vector<std::string>& more, const std::string& why) {
  std::set<std::string> direct, pinned;
  auto request = wheels_request(world, what, direct);
  for (const auto& pin : what.solution.pins) pinned.insert(versions::normal_name(pin.package));
  request.requirements.clear();
  for (const auto& wheel : locked.wheels) {
    if (pinned.count(versions::normal_name(wheel.name)) > 0) continue;
    const bool by_address = support::ends_with(wheel.index, ".whl");
    request.requirements.push_back(by_address ? wheel.name + " @ " + wheel.index + "#sha256=" + wheel.sha256
                                              : wheel.name + "==" + wheel.version);
  }
  for (const auto& requirement : more) {
    request.requirements.push_back(requirement);
    // A tool is also needed where the image gets a built one of that name.
    request.provided.erase(versions::requirement_name(requirement));
  }
  request.preferences = kept_versions(what);
  add_site_indexes(world, request);
  auto answer = world.python.resolve(request);
  if (const auto* conflict = std::get_if<packages::PythonConflict>(&answer))
    throw packages_error(*conflict, what.recipe).note("asked for were the locked packages and " + why);
  return std::get<std::vector<ResolvedWheel>>(std::move(answer));
}

std::vector<LockedWheel> rows_beside(std::vector<ResolvedWheel> wheels, const LockedPlatform& locked) {
  std::set<std::string> in_image;
  for (const auto& wheel : locked.wheels) in_image.insert(wheel.name);
  std::erase_if(wheels, [&](const ResolvedWheel& wheel) {
    return wheel.index == packages::kProvided || in_image.count(wheel.name) > 0;
  });
  auto rows = locked_rows(wheels, {});
  for (auto& row : rows) row.heavy = false;
  return rows;
}

void lock_toolkit(World& world, const PackagesToLock& what, LockedPlatform& locked) {
  const auto& spec = what.recipe.spec;
  if (!documents::is_devel(spec)) return;
  auto needs = nvcc_requirements(world, locked, spec.variant.where);
  for (auto& tool : build_tools()) needs.push_back(std::move(tool));
  const auto answered = resolve_beside(world, what, locked, needs, "what variant devel needs beside them");
  for (auto& row : rows_beside(answered, locked)) {
    row.toolkit = true;
    add_wheel(locked, std::move(row));
  }
}

}  // namespace envforge::app
