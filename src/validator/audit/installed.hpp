// Whether the versions that are installed are the ones that were meant: those of the lock when it is known, and always
// those that torch's own metadata pins. Pure over an Inventory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/inventory.hpp"

namespace envforge::validator::audit {

/// What a name is installed as: "cuda" is torch.version.cuda, "torch" is torch.__version__, anything else the
/// distribution's version; "" = not installed.
std::string installed_version(const Inventory& inventory, const std::string& name);

struct VersionFindings {
  std::vector<std::string> differences;  // "nvidia-cudnn-cu12 is 9.2.0.82, torch 2.6.0 pins 9.1.0.70"
  std::size_t from_expected = 0;         // names compared with what was expected
  std::size_t from_pins = 0;             // pins of torch and cuda-toolkit compared
};

/// `expected`: names as above; torch may be expected with or without its local part ("2.6.0", "2.6.0+cu124").
VersionFindings compare_versions(const Inventory& inventory, const std::map<std::string, std::string>& expected);

}  // namespace envforge::validator::audit
