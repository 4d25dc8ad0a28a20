#include <algorithm>
#include <filesystem>
#include <optional>

#include <envforge/app/site_requests.hpp>
#include <envforge/documents/source_package.hpp>
#include <envforge/engine/owner.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

#include "base_image.hpp"
#include "lock_packages.hpp"

namespace envforge::app {
namespace {

using documents::BaseKind;
using documents::LockedBase;
using documents::LockedDeb;
using packages::ResolvedDeb;
using support::Error;
using support::ErrorCode;

// Below the torch layer of every image: the interpreter (unless an archive brings one), the certificates that its ssl
// module reads, PID 1, and the C++ runtime that torch's wheels do not bring.
const std::vector<std::string> kPython = {"python3"};
const std::vector<std::string> kFoundation = {"ca-certificates", "tini", "libstdc++6"};
// triton compiles a small C module against Python's headers at run time.
const std::vector<std::string> kTorchCompile = {"gcc", "libc6-dev"};
// Extensions of torch are C++ against Python's headers; nvcc calls g++.
const std::vector<std::string> kDevel = {"g++", "libc6-dev"};
// Of the base's own Python: an archive brings its own.
const std::vector<std::string> kPythonHeaders = {"python3-dev"};
const std::vector<std::string> kSsh = {"openssh-server"};
// Only in the stages that compile: the validator's torch group, and packages from their sources.
const std::vector<std::string> kBuilder = {"g++", "libc6-dev"};
const std::vector<std::string> kGit = {"git"};

LockedDeb locked_row(const ResolvedDeb& deb, bool foundation) {
  LockedDeb row;
  row.name = deb.name;
  row.version = deb.version;
  row.architecture = deb.architecture;
  row.suite = deb.suite;
  row.filename = deb.filename;
  row.sha256 = deb.sha256;
  row.size = deb.size;
  row.foundation = foundation;
  return row;
}

/// The system of one platform while it grows: what is there, what an older lock had.
struct System {
  World& world;
  const PackagesToLock& what;
  packages::DebMirror mirror;
  std::vector<ResolvedDeb> installed;
  std::vector<ResolvedDeb> preferred;
};

// `wish` is git, or git=1:2.39.5-0+deb12u3.
bool is_installed(const System& system, const std::string& wish) {
  return std::any_of(system.installed.begin(), system.installed.end(),
                     [&](const ResolvedDeb& deb) { return deb.name == wish || deb.name + "=" + deb.version == wish; });
}

[[noreturn]] void refuse(const packages::DebConflict& conflict, const documents::Recipe& recipe) {
  support::Where where{recipe.file, 0, 0, {}};
  for (const auto& name : recipe.spec.apt) {
    if (name.value == conflict.package) where = name.where;
  }
  Error error(ErrorCode::kDebConflict,
              "no set of Debian packages satisfies the recipe" +
                  (conflict.package.empty() ? "" : ": " + support::printable(conflict.package)),
              where, conflict.hint);
  for (const auto& line : conflict.lines) error.note(support::printable(line));
  throw error;
}

std::vector<ResolvedDeb> ask(System& system, bool with_base, std::vector<std::string> names) {
  names.erase(
      std::remove_if(names.begin(), names.end(), [&](const std::string& name) { return is_installed(system, name); }),
      names.end());
  if (names.empty() && !with_base) return {};
  packages::DebRequest request;
  request.mirror = system.mirror;
  request.with_base = with_base;
  request.names = std::move(names);
  request.installed = system.installed;
  request.preferred = system.preferred;
  auto answer = system.world.debs.resolve(request);
  if (const auto* conflict = std::get_if<packages::DebConflict>(&answer)) refuse(*conflict, system.what.recipe);
  auto debs = std::get<std::vector<ResolvedDeb>>(std::move(answer));
  system.installed.insert(system.installed.end(), debs.begin(), debs.end());
  return debs;
}

// The packages of an image's own dpkg database.
std::vector<ResolvedDeb> read_dpkg_status(const std::string& status) {
  std::vector<ResolvedDeb> debs;
  ResolvedDeb deb;
  bool installed = false;
  const auto finish = [&] {
    if (installed && !deb.name.empty()) debs.push_back(deb);
    deb = {};
    installed = false;
  };
  for (const auto& line : support::split(status, '\n')) {
    if (line.empty()) finish();
    if (support::starts_with(line, "Package: ")) deb.name = line.substr(9);
    if (support::starts_with(line, "Version: ")) deb.version = line.substr(9);
    if (support::starts_with(line, "Architecture: ")) deb.architecture = line.substr(14);
    if (line == "Status: install ok installed") installed = true;
  }
  finish();
  return debs;
}

LockedBase local_base(System& system, const std::string& image) {
  const auto info = system.world.engine.inspect_image(image);
  if (!info) {
    throw Error(ErrorCode::kImageAbsent, "the site configuration takes '" + support::printable(image) +
                                             "' as base, and the engine does not have it");
  }
  const support::TempDir folder(engine::folder_prefix());
  const auto status = folder.path() / "status";
  if (!system.world.engine.copy_from_image(image, "/var/lib/dpkg/status", status.string())) {
    throw Error(ErrorCode::kDebConflict, "the base image '" + support::printable(image) +
                                             "' has no dpkg database, so it is no Debian or Ubuntu");
  }
  system.installed = read_dpkg_status(support::read_file(status));
  LockedBase base;
  base.kind = BaseKind::kLocal;
  base.reference = image;
  base.digest = info->id;
  return base;
}

// The names that Docker Hub gives the distributions' own minimal images.
std::string registry_reference(const World& world, const std::string& base) {
  const std::string configured = configured_registry_base(world, base);
  if (!configured.empty()) return configured;
  return support::starts_with(base, "debian:") ? base + "-slim" : base;
}

std::optional<LockedBase> registry_base(System& system) {
  const auto& name = system.what.recipe.spec.base.value;
  LockedBase base;
  base.kind = BaseKind::kRegistry;
  base.reference = registry_reference(system.world, name);
  if (system.what.old != nullptr) {
    if (system.what.old->base.kind != BaseKind::kRegistry) return std::nullopt;  // keep what the old lock found
    if (system.what.old->base.reference == base.reference) return system.what.old->base;
  }
  try {
    const auto digest = system.world.engine.registry_digest(base.reference, system.what.solution.platform);
    if (!digest) return std::nullopt;
    base.digest = *digest;
    return base;
  } catch (const Error& error) {
    if (support::exit_code(error.code()) != support::ExitCode::kMachineLacks) throw;
    return std::nullopt;  // no engine here: then no registry answers either
  }
}

bool offline(const World& world) {
  return !world.site.wheels_dir.value.empty() || !world.site.debs_dir.value.empty();
}

// What only the base's own Python needs is left out where an archive takes its place.
void add_of_python(const PackagesToLock& what, const std::vector<std::string>& more, std::vector<std::string>& names) {
  if (!what.solution.python_archive) names.insert(names.end(), more.begin(), more.end());
}

std::vector<std::string> foundation_packages(const PackagesToLock& what) {
  std::vector<std::string> names;
  add_of_python(what, kPython, names);
  names.insert(names.end(), kFoundation.begin(), kFoundation.end());
  return names;
}

LockedBase choose_base(System& system, std::vector<LockedDeb>& foundation) {
  const auto needed = foundation_packages(system.what);
  const auto& name = system.what.recipe.spec.base.value;
  const std::string local = configured_local_base(system.world, name);
  LockedBase base;
  if (!local.empty()) {
    base = local_base(system, local);
    foundation = locked_rows(ask(system, false, needed), true);
  } else if (auto found = offline(system.world) ? std::nullopt : registry_base(system)) {
    base = *found;
    ask(system, true, {});  // what a minimal image of the distribution has
    foundation = locked_rows(ask(system, false, needed), true);
  } else {
    base.kind = BaseKind::kBootstrap;
    base.debs = locked_rows(ask(system, true, needed), true);
  }
  base.name = name;
  base.glibc = system.what.solution.glibc;
  if (base.kind == BaseKind::kBootstrap)
    base.digest = base_digest(base, source_date_epoch(system.what.lock.exclude_newer));
  return base;
}

std::vector<std::string> image_packages(const PackagesToLock& what) {
  const documents::ImageSpec& spec = what.recipe.spec;
  std::vector<std::string> names;
  for (const auto& name : spec.apt) names.push_back(name.value);
  const auto add = [&](const std::vector<std::string>& more) { names.insert(names.end(), more.begin(), more.end()); };
  for (const auto& capability : spec.capabilities) {
    if (capability.value != "torch_compile") continue;
    add(kTorchCompile);
    add_of_python(what, kPythonHeaders, names);
  }
  if (documents::is_devel(spec)) {
    add(kDevel);
    add_of_python(what, kPythonHeaders, names);
  }
  if (spec.services.count("ssh") > 0) add(kSsh);
  return names;
}

std::vector<std::string> builder_packages(const PackagesToLock& what) {
  const documents::ImageSpec& spec = what.recipe.spec;
  std::vector<std::string> names = kBuilder;
  const auto add = [&](const std::vector<std::string>& more) { names.insert(names.end(), more.begin(), more.end()); };
  const auto builds = builds_of(spec);
  if (!builds.empty()) add_of_python(what, kPythonHeaders, names);
  if (std::any_of(builds.begin(), builds.end(),
                  [](const auto& wish) { return documents::is_git_requirement(wish.source.value); }))
    add(kGit);
  return names;
}

// Of an older lock, without those that are upgraded alone.
std::vector<ResolvedDeb> debs_of(const documents::LockedPlatform* old, const std::vector<std::string>& upgraded) {
  std::vector<ResolvedDeb> out;
  if (old == nullptr) return out;
  for (const auto* list : {&old->base.debs, &old->debs, &old->builder_debs}) {
    for (const auto& deb : *list) {
      if (std::find(upgraded.begin(), upgraded.end(), versions::normal_name(deb.name)) == upgraded.end())
        out.push_back(resolved_deb(deb));
    }
  }
  return out;
}

}  // namespace

std::vector<LockedDeb> locked_rows(const std::vector<ResolvedDeb>& debs, bool foundation) {
  std::vector<LockedDeb> rows;
  for (const auto& deb : debs) rows.push_back(locked_row(deb, foundation));
  return rows;
}

LockedSystem lock_system(World& world, const PackagesToLock& what) {
  const auto& spec = what.recipe.spec;
  System system{world,
                what,
                deb_mirror(world, spec.base.value, what.solution.platform),
                {},
                debs_of(what.old, what.options.upgrade_only)};
  LockedSystem locked;
  locked.base = choose_base(system, locked.debs);
  const auto image = locked_rows(ask(system, false, image_packages(what)), false);
  locked.debs.insert(locked.debs.end(), image.begin(), image.end());
  locked.builder_debs = locked_rows(ask(system, false, builder_packages(what)), false);
  return locked;
}

}  // namespace envforge::app
