#include <algorithm>
#include <optional>
#include <set>

#include <envforge/app/site_requests.hpp>
#include <envforge/documents/source_package.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

#include "lock_packages.hpp"

namespace envforge::app {
namespace {

using packages::PythonConflict;
using packages::ResolvedWheel;
using support::Error;
using support::ErrorCode;

// torch and the CUDA libraries: gigabytes that several recipes on the same torch share as one layer.
bool is_heavy(const std::string& name) {
  static const std::set<std::string> kNames = {"torch", "triton", "cuda-bindings", "cuda-pathfinder", "cuda-toolkit"};
  return kNames.count(name) > 0 || support::starts_with(name, "nvidia-");
}

packages::PythonRequest request_of(World& world, const PackagesToLock& what) {
  documents::LockedPlatform platform;
  platform.python = what.solution.python;
  platform.base.glibc = what.solution.glibc;
  auto request = python_request(world, platform, what.solution.platform, what.lock.exclude_newer);
  request.exclude_newer_of = what.lock.exclude_newer_of;
  return request;
}

// A package of the site's own index that only another package needs: uv would take it from PyPI, where anybody may have
// put one of that name.
std::optional<PythonConflict> from_elsewhere(const World& world, const std::vector<ResolvedWheel>& wheels) {
  for (const auto& [name, index] : world.site.indexes) {
    for (const auto& wheel : wheels) {
      const bool ours = std::find(index.packages.begin(), index.packages.end(), versions::normal_name(wheel.name)) !=
                        index.packages.end();
      if (!ours || wheel.index == index.url.value || wheel.index == packages::kFolderIndex ||
          support::ends_with(wheel.index, ".whl"))
        continue;
      PythonConflict conflict;
      conflict.package = wheel.name;
      conflict.lines = {wheel.name + " is needed by " + support::join(wheel.required_by, ", ") +
                        " and belongs to the site's index '" + name + "', but would have come from " + wheel.index};
      conflict.hint = "name " + wheel.name + " under packages.pip: then it is taken from that index";
      return conflict;
    }
  }
  return std::nullopt;
}

}  // namespace

support::Error packages_error(const PythonConflict& conflict, const documents::Recipe& recipe) {
  const char* what = "no set of Python packages satisfies the recipe";
  switch (conflict.kind) {
    case PythonConflict::Kind::kUnsatisfiable:
      break;
    case PythonConflict::Kind::kNeedsBuild:
      what =
          "a package has no wheel for this platform and would have to be built; envforge runs no package's code on "
          "this host";
      break;
    case PythonConflict::Kind::kNoSuchPackage:
      what = "a package does not exist on its index";
      break;
    case PythonConflict::Kind::kIndexUnreachable:
      what = "a package index does not answer";
      break;
  }
  support::Where where{recipe.file, 0, 0, {}};
  for (const auto& requirement : recipe.spec.pip) {
    if (!conflict.package.empty() &&
        versions::requirement_name(requirement.value) == versions::normal_name(conflict.package))
      where = requirement.where;
  }
  for (const auto& wish : recipe.spec.build) {
    if (documents::parse_source(wish.source.value).name == versions::normal_name(conflict.package))
      where = wish.source.where;
  }
  const auto code = conflict.kind == PythonConflict::Kind::kIndexUnreachable ? ErrorCode::kIndexUnreachable
                                                                             : ErrorCode::kPythonConflict;
  Error error(code, std::string(what) + (conflict.package.empty() ? "" : ": " + support::printable(conflict.package)),
              where, conflict.hint);
  for (const auto& line : conflict.lines) error.note(support::printable(line));
  return error;
}

std::vector<documents::LockedWheel> locked_rows(const std::vector<ResolvedWheel>& wheels,
                                                const std::set<std::string>& direct) {
  std::vector<documents::LockedWheel> rows;
  for (const auto& wheel : wheels) {
    documents::LockedWheel row;
    row.name = wheel.name;
    row.version = wheel.version;
    row.filename = wheel.filename;
    row.sha256 = wheel.sha256;
    row.index = wheel.index;
    row.size = wheel.size;
    row.heavy = is_heavy(wheel.name);
    row.direct = direct.count(wheel.name) > 0 || wheel.required_by.empty();
    rows.push_back(row);
  }
  return rows;
}

packages::PythonRequest wheels_request(World& world, const PackagesToLock& what, std::set<std::string>& direct) {
  auto request = request_of(world, what);
  const std::string index_name = "torch-" + what.solution.cuda_variant;
  for (const auto& pin : what.solution.pins) {
    request.pins.push_back(pin.package + "==" + pin.version);
    direct.insert(pin.package);
    if (pin.index.empty()) continue;
    request.pin_index[pin.package] = index_name;
    if (request.indexes.empty())
      request.indexes.push_back({index_name, pin.index, torch_index_mirror(world, pin.index)});
  }
  for (const auto& requirement : what.recipe.spec.pip) {
    if (documents::is_git_requirement(requirement.value)) continue;
    request.requirements.push_back(requirement.value);
    direct.insert(versions::requirement_name(requirement.value));
  }
  for (const auto& wish : builds_of(what.recipe.spec)) {
    const auto source = documents::parse_source(wish.source.value);
    request.provided[source.name] = source.version;
  }
  // The service needs the program; a recipe that names a version of it decides.
  if (what.recipe.spec.services.count("jupyter") > 0 && direct.insert("jupyterlab").second)
    request.requirements.push_back("jupyterlab");
  add_site_indexes(world, request);
  return request;
}

std::vector<std::string> kept_versions(const PackagesToLock& what) {
  std::vector<std::string> kept;
  if (what.old == nullptr) return kept;
  const auto& upgraded = what.options.upgrade_only;
  for (const auto& wheel : what.old->wheels) {
    if (std::find(upgraded.begin(), upgraded.end(), versions::normal_name(wheel.name)) == upgraded.end() &&
        wheel.index != documents::kBuiltHere && !support::ends_with(wheel.index, ".whl"))
      kept.push_back(wheel.name + "==" + wheel.version);
  }
  return kept;
}

WheelsAnswer resolve_wheels(World& world, const PackagesToLock& what, std::set<std::string>& direct) {
  auto request = wheels_request(world, what, direct);
  request.preferences = kept_versions(what);
  auto answer = world.python.resolve(request);
  if (const auto* conflict = std::get_if<PythonConflict>(&answer)) return *conflict;
  auto& wheels = std::get<std::vector<ResolvedWheel>>(answer);
  std::erase_if(wheels, [](const ResolvedWheel& wheel) { return wheel.index == packages::kProvided; });
  if (auto conflict = from_elsewhere(world, wheels)) return *conflict;
  return answer;
}

std::vector<documents::LockedWheel> lock_tools(World& world, const PackagesToLock& what) {
  const auto& upgraded = what.options.upgrade_only;
  const bool keep = std::find(upgraded.begin(), upgraded.end(), "uv") == upgraded.end();
  if (keep && what.old != nullptr && !what.old->tools.empty()) return what.old->tools;
  auto request = request_of(world, what);
  request.requirements = {"uv"};
  const auto answer = world.python.resolve(request);
  if (const auto* conflict = std::get_if<PythonConflict>(&answer)) throw packages_error(*conflict, what.recipe);
  return locked_rows(std::get<std::vector<ResolvedWheel>>(answer), {});
}

}  // namespace envforge::app
