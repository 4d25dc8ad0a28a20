#include "audit/installed.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>

namespace envforge::validator::audit {
namespace {

/// "13.4.1.3" is what "13.4.1.3.*" means, and so is "13.4.1.3.1".
bool matches(const std::string& version, const std::string& pin) {
  if (!support::ends_with(pin, ".*")) return version == pin;
  const std::string stem = pin.substr(0, pin.size() - 2);
  return version == stem || support::starts_with(version, stem + ".");
}

bool is_expected(const std::string& name, const std::string& found, const std::string& expected) {
  if (found == expected) return true;
  return name == "torch" && expected.find('+') == std::string::npos && found.substr(0, found.find('+')) == expected;
}

/// The pins of NVIDIA's packages that a distribution has always or under one of the extras that were asked for.
void compare_pins(const Inventory& inventory, const loader::Distribution& distribution,
                  const std::vector<std::string>& extras, VersionFindings& out) {
  for (const auto& need : distribution.needs) {
    const bool counts = need.only_for.empty() || std::find(extras.begin(), extras.end(), need.only_for) != extras.end();
    const std::string found = installed_version(inventory, need.name);
    // A pin may be for another platform (its marker is not evaluated): what is not installed is the loader's business.
    if (!counts || need.exact.empty() || found.empty() || !support::starts_with(need.name, "nvidia-")) continue;
    ++out.from_pins;
    if (matches(found, need.exact)) continue;
    out.differences.push_back(need.name + " is " + found + ", " + distribution.name + " " + distribution.version +
                              " pins " + need.exact);
  }
}

}  // namespace

std::string installed_version(const Inventory& inventory, const std::string& name) {
  if (name == "cuda") return inventory.cuda_version;
  if (name == "torch") return inventory.torch_version;
  const auto* distribution = find_distribution(inventory, name);
  return distribution == nullptr ? "" : distribution->version;
}

VersionFindings compare_versions(const Inventory& inventory, const std::map<std::string, std::string>& expected) {
  VersionFindings out;
  for (const auto& [name, version] : expected) {
    ++out.from_expected;
    const std::string found = installed_version(inventory, name);
    if (is_expected(name, found, version)) continue;
    out.differences.push_back(name + (found.empty() ? " is not installed" : " is " + found) + ", expected " + version);
  }
  const auto* torch = find_distribution(inventory, "torch");
  if (torch != nullptr && inventory.torch_version.substr(0, inventory.torch_version.find('+')) !=
                              torch->version.substr(0, torch->version.find('+'))) {
    out.differences.push_back("torch/version.py says " + inventory.torch_version + ", torch's metadata " +
                              torch->version);
  }
  if (torch == nullptr) return out;
  compare_pins(inventory, *torch, {}, out);
  for (const auto& need : torch->needs) {
    const auto* toolkit = need.name == "cuda-toolkit" ? find_distribution(inventory, need.name) : nullptr;
    if (toolkit != nullptr) compare_pins(inventory, *toolkit, need.extras, out);
  }
  return out;
}

}  // namespace envforge::validator::audit
