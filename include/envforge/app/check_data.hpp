// The compatibility data against what PyPI serves today: pins of torch's wheels, Pythons, platforms, C library floors.
// What no wheel metadata can prove (machine code, drivers, GPUs, builds of PyTorch's own index) is not asked.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/app/world.hpp>

namespace envforge::app {

struct DataDifference {
  std::string row;    // compat/pytorch.json: 2.6.0 cu124, linux/amd64
  std::string field;  // cudnn
  std::string data;   // what the row says
  std::string found;  // what PyPI says
  friend bool operator==(const DataDifference&, const DataDifference&) = default;
};

struct DataCheck {
  std::size_t builds = 0, questions = 0;  // builds of which PyPI was asked, and how often
  std::vector<DataDifference> differences;
};

/// Asks about every build that PyPI serves of the releases in `torch` (a range; "" = all), and whether there is a newer
/// one. Throws Error{kUsage, kIndexUnreachable} and what the Python resolver throws.
DataCheck check_data(World& world, const std::string& torch);

/// The row of a release as far as PyPI's wheels prove it, for a person to review and complete: what they do not prove
/// is null. Throws Error{kUsage, kIndexUnreachable, kNoSuchPackage}.
nlohmann::json draft_release(World& world, const std::string& version);

}  // namespace envforge::app
