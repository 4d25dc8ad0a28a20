#include "gpu/links.hpp"

#include <array>
#include <utility>

namespace envforge::validator::gpu {

// Transfers per second and lane, and the share that the line code leaves: 8b/10b up to generation 2, 128b/130b up to 5,
// 242/256 of a flit from 6 on (PCI-SIG's base specifications; checked 2026-11-21).
std::optional<double> pcie_rate(unsigned int generation, unsigned int width) {
  struct Row {
    double giga_transfers, code;
  };
  static constexpr std::array<Row, 6> kRows{
      {{2.5, 8.0 / 10}, {5, 8.0 / 10}, {8, 128.0 / 130}, {16, 128.0 / 130}, {32, 128.0 / 130}, {64, 242.0 / 256}}};
  if (generation < 1 || generation > kRows.size() || width == 0) return std::nullopt;
  const Row& row = kRows[generation - 1];
  return row.giga_transfers * row.code * width / 8;
}

// NVIDIA's data sheets: V100 6 links for 150 GB/s in one direction, A100 12 for 300, RTX 3090 4 for 56.25, H100 18 for
// 450, B200 18 for 900. Checked 2026-11-21.
std::optional<double> nvlink_wire_rate(const std::string& compute_capability) {
  static constexpr std::array<std::pair<const char*, double>, 5> kRows{
      {{"7.0", 25}, {"8.0", 25}, {"8.6", 14.0625}, {"9.0", 25}, {"10.0", 50}}};
  for (const auto& [capability, rate] : kRows) {
    if (compute_capability == capability) return rate;
  }
  return std::nullopt;
}

double memory_rate(int clock_kilohertz, int bus_bits) {
  return 2.0 * clock_kilohertz * 1e3 * bus_bits / 8 / 1e9;
}

}  // namespace envforge::validator::gpu
