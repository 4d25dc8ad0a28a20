#include "stale_packages.hpp"

#include <algorithm>
#include <regex>

#include <envforge/resolve/resolve.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

namespace envforge::app {
namespace {

using packages::ResolvedWheel;
using versions::Version;
using versions::VersionRange;

// 2023-11-20 of 2023-11-20T09:12:13Z.
std::string day_of(const std::string& time) {
  return time.substr(0, 10);
}

bool pins_a_version(const std::string& requirement) {
  return requirement.find('@') != std::string::npos ||
         (requirement.find("==") != std::string::npos && requirement.find('*') == std::string::npos);
}

const ResolvedWheel* wheel_of(const std::vector<ResolvedWheel>& wheels, const std::string& name) {
  const auto found = std::find_if(wheels.begin(), wheels.end(), [&](const ResolvedWheel& wheel) {
    return versions::normal_name(wheel.name) == name;
  });
  return found == wheels.end() ? nullptr : &*found;
}

bool is_newer(const std::string& version, const std::string& than) {
  const auto a = Version::parse(version), b = Version::parse(than);
  return a && b && *a > *b;
}

// What is older than the torch of the solution, whether or not there is a newer one.
std::vector<StalePackage> older_than_torch(const World& world, const PackagesToLock& what,
                                           const std::vector<ResolvedWheel>& wheels) {
  std::vector<StalePackage> old;
  const auto* release = world.knowledge.release(what.solution.torch);
  if (release == nullptr) return old;
  for (const auto& line : what.recipe.spec.pip) {
    const std::string name = versions::requirement_name(line.value);
    const auto* wheel = pins_a_version(line.value) ? nullptr : wheel_of(wheels, name);
    if (wheel == nullptr || wheel->uploaded.empty() || day_of(wheel->uploaded) >= release->date) continue;
    old.push_back({line, name, wheel->version, day_of(wheel->uploaded), "", {what.solution.platform}});
  }
  return old;
}

// One of the same package and version gets its platforms.
template <class Package>
void add(std::vector<Package>& all, Package one) {
  const auto same = std::find_if(all.begin(), all.end(), [&](const Package& known) {
    return known.package == one.package && known.version == one.version && known.line.where == one.line.where;
  });
  if (same == all.end()) return all.push_back(std::move(one));
  same->platforms.insert(same->platforms.end(), one.platforms.begin(), one.platforms.end());
}

std::string on_some(const std::vector<std::string>& platforms, std::size_t of) {
  return platforms.size() == of ? "" : " on " + support::join(platforms, ", ");
}

// The same question with torch for uv to choose: from PyPI, where a build of every release is.
packages::PythonRequest without_our_torch(World& world, const PackagesToLock& what) {
  std::set<std::string> direct;
  auto request = wheels_request(world, what, direct);
  request.pins.clear();
  for (const auto& pin : what.solution.pins) request.pin_index.erase(pin.package);
  for (const auto& include : what.recipe.spec.torch.include) request.requirements.push_back(include.value);
  return request;
}

// uv is asked again, for a version before the pre-release: what it says then is the reason and the way out.
std::string why_no_final(World& world, const PackagesToLock& what, const std::string& name, const Version& taken) {
  std::vector<std::string> parts;
  for (const unsigned part : taken.release()) parts.push_back(std::to_string(part));
  const std::string before = name + "<" + support::join(parts, ".");
  std::set<std::string> direct;
  auto request = wheels_request(world, what, direct);
  request.requirements.push_back(before);
  const auto answer = world.python.resolve(request);
  if (const auto* older = std::get_if<std::vector<ResolvedWheel>>(&answer)) {
    const auto* wheel = wheel_of(*older, name);
    return "`" + before + "` takes " + (wheel == nullptr ? "another" : wheel->version);
  }
  const auto& conflict = std::get<packages::PythonConflict>(answer);
  if (conflict.kind != packages::PythonConflict::Kind::kNeedsBuild) return "uv found no set with a final version of it";
  const std::string source = conflict.package + "==" + (conflict.version.empty() ? "VERSION" : conflict.version);
  const std::string lacking = conflict.package == versions::normal_name(name)
                                  ? "its final versions have"
                                  : "with a final version " + conflict.package + " is needed, which has";
  return lacking + " no wheel that fits, only sources; `packages: {build: [{source: " + source +
         ", pools: []}]}` has it built (without `pools` if it has CUDA code)";
}

}  // namespace

StalePackages stale_packages(World& world, const PackagesToLock& what, const std::vector<ResolvedWheel>& wheels) {
  constexpr int kMostRounds = 4;  // each asks uv for an older torch
  StalePackages stale;
  const auto old = older_than_torch(world, what, wheels);
  if (old.empty()) return stale;
  auto request = without_our_torch(world, what);
  for (int round = 0; round < kMostRounds; ++round) {
    const auto answer = world.python.resolve(request);
    const auto* free = std::get_if<std::vector<ResolvedWheel>>(&answer);
    const auto* torch = free == nullptr ? nullptr : wheel_of(*free, "torch");
    if (torch == nullptr) break;
    std::vector<StalePackage> newer;
    for (StalePackage package : old) {
      const auto* wheel = wheel_of(*free, package.package);
      if (wheel == nullptr || !is_newer(wheel->version, package.version)) continue;
      package.newer = wheel->version;
      newer.push_back(std::move(package));
    }
    if (newer.empty()) break;
    if (stale.packages.empty()) stale.packages = newer;
    const Version version = Version::of(torch->version).without_local();
    auto spec = what.recipe.spec;
    const bool allowed = spec.torch.version.value.contains(version);
    spec.torch.version.value = VersionRange::exactly(version);
    const auto outcome = resolve::resolve(spec, world.knowledge, what.pythons);
    if (const auto* solution = std::get_if<resolve::Solution>(&outcome)) {
      stale.packages = std::move(newer);
      stale.torch = version.text();
      if (allowed) stale.better = *solution;
      break;
    }
    request.requirements.push_back("torch<" + version.text());
  }
  return stale;
}

void add_stale(StalePackages& all, StalePackages of_platform) {
  for (StalePackage& package : of_platform.packages) add(all.packages, std::move(package));
  if (all.torch.empty()) all.torch = of_platform.torch;
  if (!all.better) all.better = std::move(of_platform.better);
}

void add_prereleases(World& world, std::vector<Prerelease>& all, const PackagesToLock& what,
                     const std::vector<ResolvedWheel>& wheels) {
  static const std::regex named("[0-9](a|b|rc|\\.?dev)[0-9]");
  for (const auto& line : what.recipe.spec.pip) {
    const auto* wheel = wheel_of(wheels, versions::requirement_name(line.value));
    const auto version = wheel == nullptr ? std::nullopt : Version::parse(wheel->version);
    if (!version || !version->is_prerelease() || line.value.find('@') != std::string::npos ||
        std::regex_search(line.value, named))
      continue;
    add(all, {line,
              wheel->name,
              wheel->version,
              why_no_final(world, what, wheel->name, *version),
              {what.solution.platform}});
  }
}

std::vector<std::string> stale_warnings(const StalePackages& stale, const std::string& torch, bool kept,
                                        std::size_t platforms) {
  std::vector<std::string> lines;
  for (const auto& package : stale.packages) {
    const std::string with = stale.torch.empty() ? " goes with no torch that the target can have"
                             : kept ? " goes with torch " + stale.torch + ": `envforge lock --upgrade` takes it"
                                    : " goes with torch " + stale.torch + ": `torch: \"" + stale.torch + "\"` takes it";
    lines.push_back(package.package + " " + package.version + " of " + package.uploaded + " is taken" +
                    on_some(package.platforms, platforms) + ", from before torch " + torch + "; " + package.newer +
                    with + " (" + support::to_string(package.line.where) + ")");
  }
  return lines;
}

std::vector<std::string> prerelease_warnings(const std::vector<Prerelease>& found, std::size_t platforms) {
  std::vector<std::string> lines;
  for (const auto& package : found) {
    lines.push_back(package.package + " " + package.version + " is taken" + on_some(package.platforms, platforms) +
                    ", a pre-release that the recipe does not name: " + package.why_no_final + " (" +
                    support::to_string(package.line.where) + ")");
  }
  return lines;
}

}  // namespace envforge::app
