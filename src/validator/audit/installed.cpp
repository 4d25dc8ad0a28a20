#include "audit/installed.hpp"

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
  // cuda-toolkit names its packages only under extras; one that is installed must be the one it names.
  for (const char* owner : {"torch", "cuda-toolkit"}) {
    const auto* distribution = find_distribution(inventory, owner);
    if (distribution == nullptr) continue;
    for (const auto& need : distribution->needs) {
      const std::string found = installed_version(inventory, need.name);
      if (need.exact.empty() || found.empty() || !support::starts_with(need.name, "nvidia-")) continue;
      ++out.from_pins;
      if (matches(found, need.exact)) continue;
      out.differences.push_back(need.name + " is " + found + ", " + owner + " " + distribution->version + " pins " +
                                need.exact);
    }
  }
  return out;
}

}  // namespace envforge::validator::audit
