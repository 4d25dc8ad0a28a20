#include "wheel_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include <envforge/support/text.hpp>

namespace envforge::packages {
namespace {

constexpr int kOldestAbi3 = 2;  // cp32 was the first with a stable ABI

std::vector<std::string> platform_tags(const TagTarget& target) {
  // Before 2.17 there was no aarch64; each old name is another spelling of one glibc.
  const std::array<std::pair<int, const char*>, 3> aliases{
      {{17, "manylinux2014"}, {12, "manylinux2010"}, {5, "manylinux1"}}};
  const int oldest = target.machine == "x86_64" ? 5 : 17;
  std::vector<std::string> tags;
  for (int minor = target.glibc_minor; minor >= oldest; --minor) {
    tags.push_back("manylinux_2_" + std::to_string(minor) + "_" + target.machine);
    for (const auto& [glibc, alias] : aliases) {
      if (glibc == minor) tags.push_back(std::string(alias) + "_" + target.machine);
    }
  }
  tags.push_back("linux_" + target.machine);
  return tags;
}

}  // namespace

std::optional<WheelName> parse_wheel_name(std::string_view filename) {
  if (!support::ends_with(filename, ".whl")) return std::nullopt;
  filename.remove_suffix(4);
  const std::vector<std::string> parts = support::split(filename, '-');
  if (parts.size() != 5 && parts.size() != 6) return std::nullopt;
  if (std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return part.empty(); }))
    return std::nullopt;
  WheelName wheel;
  wheel.name = parts[0];
  wheel.version = parts[1];
  if (parts.size() == 6) {
    if (std::isdigit(static_cast<unsigned char>(parts[2][0])) == 0) return std::nullopt;
    wheel.build = std::strtoull(parts[2].c_str(), nullptr, 10);
  }
  const std::size_t tags = parts.size() - 3;
  wheel.pythons = support::split(parts[tags], '.');
  wheel.abis = support::split(parts[tags + 1], '.');
  wheel.platforms = support::split(parts[tags + 2], '.');
  return wheel;
}

std::vector<std::string> compatible_tags(const TagTarget& target) {
  const std::vector<std::string> platforms = platform_tags(target);
  const std::string own = "cp3" + std::to_string(target.python_minor);
  std::vector<std::string> tags;
  const std::string abi = own + (target.free_threaded ? "t" : "");
  for (const std::string& platform : platforms) tags.push_back(own + "-" + abi + "-" + platform);
  if (target.free_threaded) {
    for (const std::string& platform : platforms) tags.push_back(own + "-none-" + platform);
  }
  for (int minor = target.python_minor; !target.free_threaded && minor >= kOldestAbi3; --minor) {
    for (const std::string& platform : platforms) tags.push_back("cp3" + std::to_string(minor) + "-abi3-" + platform);
    if (minor != target.python_minor) continue;
    for (const std::string& platform : platforms) tags.push_back(own + "-none-" + platform);
  }
  // py311, py3, py310 ... py30: the major version stands right after its newest minor.
  std::vector<std::string> generic;
  for (int minor = target.python_minor; minor >= 0; --minor) {
    generic.push_back("py3" + std::to_string(minor));
    if (minor == target.python_minor) generic.emplace_back("py3");
  }
  for (const std::string& python : generic) {
    for (const std::string& platform : platforms) tags.push_back(python + "-none-" + platform);
  }
  tags.push_back(own + "-none-any");
  for (const std::string& python : generic) tags.push_back(python + "-none-any");
  return tags;
}

std::optional<std::size_t> best_wheel(const std::vector<WheelName>& wheels, const std::vector<std::string>& tags) {
  std::unordered_map<std::string_view, std::size_t> rank_of;
  for (std::size_t i = 0; i < tags.size(); ++i) rank_of.emplace(tags[i], i);
  std::optional<std::size_t> best;
  std::size_t best_rank = tags.size();
  for (std::size_t i = 0; i < wheels.size(); ++i) {
    std::size_t rank = tags.size();
    for (const std::string& python : wheels[i].pythons) {
      for (const std::string& abi : wheels[i].abis) {
        for (const std::string& platform : wheels[i].platforms) {
          const auto found = rank_of.find(python + "-" + abi + "-" + platform);
          if (found != rank_of.end()) rank = std::min(rank, found->second);
        }
      }
    }
    if (rank == tags.size()) continue;
    if (!best || rank < best_rank || (rank == best_rank && wheels[i].build > wheels[*best].build)) {
      best = i;
      best_rank = rank;
    }
  }
  return best;
}

}  // namespace envforge::packages
