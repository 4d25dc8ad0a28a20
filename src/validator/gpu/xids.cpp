#include "gpu/xids.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include <envforge/support/text.hpp>

namespace envforge::validator::gpu {
namespace {

using protocol::Layer;

// What the catalog bids to do with 144 to 150, of links of the fifth generation (B100 and later).
constexpr const char* kNvlink5 =
    "nvidia-smi nvlink -e and dmesg | grep -i xid on the host: an Xid 154 beside it names the action; else reset the "
    "GPU";

// NVIDIA's "XID Errors" (docs.nvidia.com/deploy/xid-errors), checked 2026-11-21; 38, 54, 121 and those from 136 on but
// 140 by its "Xid Catalog" (analyzing-xid-catalog.html there), read 2026-11-22. Those that can have several causes
// stand under the one that NVIDIA's table has first.
constexpr std::array<Xid, 35> kRows{{
    {13, "a kernel of some program failed", Layer::kImage, "compute-sanitizer on the program that ran then"},
    {31, "a kernel of some program used a wrong address", Layer::kImage,
     "compute-sanitizer on the program that ran then"},
    {38, "an error of the driver's firmware", Layer::kHostDriver,
     "update the driver; if it comes again, NVIDIA's support"},
    {43, "a program's work on the GPU was stopped", Layer::kImage, "look at the program that ran then"},
    {45, "a program's work was cleaned up after it ended early", Layer::kImage, "look at the program that ran then"},
    {48, "a double-bit error of the memory", Layer::kHardware,
     "nvidia-smi --gpu-reset, then nvidia-smi -q -d ECC,ROW_REMAPPER"},
    {54, "the board's auxiliary power is not connected", Layer::kHardware, "check the GPU's power cables"},
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
    {121, "corrected errors of the link to the Grace processor (C2C)", Layer::kHardware,
     "nvidia-smi --gpu-reset when idle, which trains the link again", true},
    {136, "the training of an NVLink failed", Layer::kHardware, "nvidia-smi --gpu-reset, then nvidia-smi nvlink -s"},
    {137, "a program used a wrong address of another GPU, over NVLink", Layer::kImage,
     "compute-sanitizer on the program that ran then"},
    {140, "an ECC error that was not recovered", Layer::kHardware, "nvidia-smi --gpu-reset"},
    {143, "the GPU could not be initialized", Layer::kHardware, "nvidia-smi --gpu-reset"},
    {144, "an error of an NVLink (SAW)", Layer::kHardware, kNvlink5},
    {145, "an error of an NVLink (RLW)", Layer::kHardware, kNvlink5},
    {146, "an error of an NVLink (TLW)", Layer::kHardware, kNvlink5},
    {147, "an error of an NVLink (TREX)", Layer::kHardware, kNvlink5},
    {148, "an error of an NVLink (NVLPW_CTRL)", Layer::kHardware, kNvlink5},
    {149, "an error of an NVLink (NETIR)", Layer::kHardware, kNvlink5},
    {150, "an error of an NVLink (MSE)", Layer::kHardware, kNvlink5},
    {154, "the driver asks for a recovery of the GPU", Layer::kHardware,
     "do what the line names (GPU reset, reboot of the node): dmesg | grep 'Xid.*154' on the host"},
    {158, "a timeout that the GPU does not survive", Layer::kHardware, "nvidia-smi --gpu-reset"},
    {171, "an error of the memory that could not be corrected", Layer::kHardware,
     "nvidia-smi --gpu-reset, then nvidia-smi -q -d ECC,ROW_REMAPPER"},
    {172, "an error of the caches that could not be corrected", Layer::kHardware,
     "nvidia-smi --gpu-reset, then nvidia-smi -q -d ECC,ROW_REMAPPER"},
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
  const auto comma = line.find(", ", close);
  return LoggedXid{line.substr(from, close - from), number,
                   comma == std::string::npos ? "" : support::trim(line.substr(comma + 2))};
}

bool is_all_clear(const LoggedXid& logged) {
  constexpr int kRecoveryActionChanged = 154;
  return logged.number == kRecoveryActionChanged && logged.text.find("to 0x0 (None)") != std::string::npos;
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
