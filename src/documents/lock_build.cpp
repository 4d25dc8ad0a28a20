#include <algorithm>

#include <nlohmann/json.hpp>

#include <envforge/versions/package_name.hpp>

#include "lock_json.hpp"

namespace envforge::documents {

const LockedWheel* built_wheel(const LockedPlatform& locked, const LockedBuild& build) {
  const auto found = std::find_if(locked.wheels.begin(), locked.wheels.end(), [&](const LockedWheel& wheel) {
    return wheel.index == kBuiltHere && versions::normal_name(wheel.name) == build.name;
  });
  return found == locked.wheels.end() ? nullptr : &*found;
}

std::vector<const LockedBuild*> built_needs(const LockedPlatform& locked, const LockedBuild& build) {
  std::vector<const LockedBuild*> before;
  for (const auto& other : locked.builds) {
    if (other.name == build.name) break;
    const auto is_it = [&](const std::string& need) { return versions::requirement_name(need) == other.name; };
    if (std::any_of(build.needs.begin(), build.needs.end(), is_it)) before.push_back(&other);
  }
  return before;
}

std::string build_key(const std::string& platform, const LockedPlatform& locked, const LockedBuild& build) {
  constexpr std::size_t kPrefix = 7;  // "sha256:"
  nlohmann::json what = {{"envforge-built-wheel", 1},
                         {"name", build.name},
                         // Where the bytes lie does not matter, only which they are; a commit is named by its own hash.
                         {"source", build.sha256.empty() ? build.source : build.sha256},
                         {"needs", build.needs},
                         {"platform", platform},
                         {"base", locked.base.name},
                         {"torch", locked.torch},
                         {"cuda_variant", locked.cuda_variant},
                         {"cxx11_abi", locked.cxx11_abi},
                         {"python", locked.python},
                         {"architectures", build.architectures}};
  // Left out when there is none: wheels that were kept before keep their key.
  if (!build.environment.empty()) what["environment"] = build.environment;
  // The build holds the version that came out against them.
  if (!build.required_by.empty()) what["required_by"] = build.required_by;
  for (const auto* need : built_needs(locked, build)) what["built_needs"].push_back(build_key(platform, locked, *need));
  return digest_of(what).substr(kPrefix);
}

}  // namespace envforge::documents
