// What the numbers mean that NVIDIA's kernel module reports errors by. Pure data. Used by the checks of nvml.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <envforge/protocol/report.hpp>

namespace envforge::validator::gpu {

struct Xid {
  int number;
  const char* meaning;
  protocol::Layer layer;  // kImage: a program did it
  const char* mend;
  bool corrected = false;  // it was mended by itself and harmed no program
};

/// nullptr for a number without a row.
const Xid* find_xid(int number);
/// What to do about a number without a row.
inline constexpr const char* kUnknownXid =
    "look it up in NVIDIA's Xid catalog (docs.nvidia.com/deploy/xid-errors); dmesg on the host";

/// "NVRM: Xid (PCI:0000:19:00): 79, pid=..." of the kernel's log.
struct LoggedXid {
  std::string pci;  // "0000:19:00"
  int number = 0;
  std::string text;  // what stands behind the number
};
/// Whether it only tells that nothing has to be done any more: 154 with the action "None".
bool is_all_clear(const LoggedXid& logged);
/// nullopt for a line that tells of none.
std::optional<LoggedXid> xid_of_line(const std::string& line);
/// Whether "0000:19:00" and "0000:19:00.0", or "00000000:19:00.0", are one GPU.
bool is_same_pci(const std::string& logged, const std::string& bus_id);

}  // namespace envforge::validator::gpu
