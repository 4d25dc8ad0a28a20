// What a link carries in one direction, by its kind. Pure data. Used by the checks that copy.
#pragma once

#include <optional>
#include <string>

namespace envforge::validator::gpu {

/// GB/s of a PCIe link after its line code, before its packets; nullopt = a generation without a row.
std::optional<double> pcie_rate(unsigned int generation, unsigned int width);
/// GB/s of one NVLink as its wires carry it, by the GPU's compute capability ("9.0"); nullopt = not known.
std::optional<double> nvlink_wire_rate(const std::string& compute_capability);
/// What to look at where NVLinks join two GPUs and the driver lets neither reach the other.
inline constexpr const char* kUnreachablePeer =
    "systemctl status nvidia-fabricmanager, nvidia-smi topo -p2p r and nvidia-smi nvlink -s on the host; PCIe ACS and "
    "the IOMMU off there";
/// GB/s of a GPU's memory: double data rate.
double memory_rate(int clock_kilohertz, int bus_bits);

}  // namespace envforge::validator::gpu
