#include "gpu/xids.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

namespace envforge::validator::gpu {
namespace {

using protocol::Layer;

// NVIDIA's "XID Errors" (docs.nvidia.com/deploy/xid-errors), checked 2026-11-21. Those that can have several causes
// stand under the one that NVIDIA's table has first.
constexpr std::array<Xid, 18> kRows{{
    {13, "a kernel of some program failed", Layer::kImage, "compute-sanitizer on the program that ran then"},
    {31, "a kernel of some program used a wrong address", Layer::kImage,
     "compute-sanitizer on the program that ran then"},
    {43, "a program's work on the GPU was stopped", Layer::kImage, "look at the program that ran then"},
    {45, "a program's work was cleaned up after it ended early", Layer::kImage, "look at the program that ran then"},
    {48, "a double-bit error of the memory", Layer::kHardware,
     "nvidia-smi --gpu-reset, then nvidia-smi -q -d ECC,ROW_REMAPPER"},
    {61, "a fault inside the GPU's microcontroller", Layer::kHardware, "reset the GPU; if it comes again, replace it"},
    {62, "a fault inside the GPU's microcontroller", Layer::kHardware, "reset the GPU; if it comes again, replace it"},
    {63, "a row of the memory is to be remapped", Layer::kHardware, "nvidia-smi --gpu-reset"},
    {64, "a row of the memory could not be remapped", Layer::kHardware, "replace the GPU"},
    {74, "an error of an NVLink", Layer::kHardware, "nvidia-smi nvlink -e; reseat the GPU or its bridge"},
    {79, "the GPU has fallen off the bus", Layer::kHardware, "power-cycle the host; check its power supply and slot"},
    {92, "many corrected errors of the memory", Layer::kHardware, "nvidia-smi -q -d ECC; plan to replace the GPU"},
    {94, "a contained error of the memory", Layer::kHardware, "restart the program; nvidia-smi --gpu-reset when idle"},
    {95, "an error of the memory that was not contained", Layer::kHardware, "nvidia-smi --gpu-reset"},
    {109, "a context switch timed out", Layer::kHostDriver, "update the driver"},
    {119, "the GPU's system processor does not answer", Layer::kHostDriver, "reset the GPU; update the driver"},
    {120, "an error of the GPU's system processor", Layer::kHostDriver, "reset the GPU; update the driver"},
    {140, "an ECC error that was not recovered", Layer::kHardware, "nvidia-smi --gpu-reset"},
}};

}  // namespace

const Xid* find_xid(int number) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Xid& x) { return x.number == number; });
  return row == kRows.end() ? nullptr : &*row;
}

std::optional<LoggedXid> xid_of_line(const std::string& line) {
  const std::string mark = "NVRM: Xid (PCI:";
  const auto at = line.find(mark);
  if (at == std::string::npos) return std::nullopt;
  const auto from = at + mark.size();
  const auto close = line.find("):", from);
  if (close == std::string::npos) return std::nullopt;
  const int number = std::atoi(line.c_str() + close + 2);
  if (number <= 0) return std::nullopt;
  return LoggedXid{line.substr(from, close - from), number};
}

bool is_same_pci(const std::string& logged, const std::string& bus_id) {
  const auto tail = [](const std::string& text) {  // bus:device in small letters, without domain and function
    std::string out;
    for (const char c : text.substr(0, text.find('.')))
      out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto first = out.find(':');
    const auto second = first == std::string::npos ? first : out.find(':', first + 1);
    return second == std::string::npos ? out : out.substr(first + 1);
  };
  const auto domain = [](const std::string& text) { return std::strtoul(text.c_str(), nullptr, 16); };
  return domain(logged) == domain(bus_id) && tail(logged) == tail(bus_id);
}

}  // namespace envforge::validator::gpu
