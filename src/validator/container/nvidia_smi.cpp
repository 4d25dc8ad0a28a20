#include "container/nvidia_smi.hpp"

#include <envforge/support/text.hpp>

namespace envforge::validator::container {
namespace {

using protocol::Layer;

// The first row whose words nvidia-smi's output holds. Its words, and what stands behind them, are those of NVIDIA's
// manual page of nvidia-smi, "RETURN VALUE", and of the kernel module's own message (NVRM). Checked 2026-11-21.
struct Meaning {
  const char* words;
  const char* sentence;
  Layer layer;
  const char* mend;
};
constexpr const char* kReboot = "reboot the host after its driver was updated";
constexpr const char* kLibraries = "docker run -e NVIDIA_DRIVER_CAPABILITIES=compute,utility --gpus all ...";
constexpr const char* kLost = "drain the machine and reboot it; a GPU that falls off the bus again is broken";
constexpr Meaning kMeanings[] = {
    {"API mismatch", "the driver's libraries and the host's kernel module are of two releases", Layer::kHostDriver,
     kReboot},
    {"version mismatch", "the driver's libraries and the host's kernel module are of two releases", Layer::kHostDriver,
     kReboot},
    {"fallen off the bus", "the driver has lost a GPU", Layer::kHardware, kLost},
    {"GPU is lost", "the driver has lost a GPU", Layer::kHardware, kLost},
    {"communicate with the NVIDIA driver", "the host's kernel module does not answer", Layer::kHostDriver,
     "modprobe nvidia on the host; `dmesg | grep NVRM` there says why it does not load"},
    {"couldn't find libnvidia-ml", "it finds no libnvidia-ml.so", Layer::kContainerFlags, kLibraries},
    {"No devices were found", "it finds no GPU", Layer::kContainerFlags, "docker run --gpus all ..."},
};

std::string listed(const std::set<std::string>& names) {
  return names.empty() ? "none" : support::join({names.begin(), names.end()}, " and ");
}

}  // namespace

DriverAnswer parse_smi(const std::string& out) {
  DriverAnswer answer;
  for (const auto& line : support::split(out, '\n')) {
    const auto comma = line.find(", ");
    const std::string driver = support::trim(line.substr(0, comma));
    const bool number = !driver.empty() && driver.find_first_not_of("0123456789.") == std::string::npos;
    if (comma == std::string::npos || !number) continue;
    answer.drivers.insert(driver);
    ++answer.gpus;
  }
  return answer;
}

std::vector<Finding> judge_agreement(const DriverAnswer& smi, const DriverAnswer& nvml) {
  std::vector<Finding> out;
  if (smi.gpus == 0) {
    out.push_back({"nvidia-smi ended well and names no GPU", "docker run --gpus all ...", true});
    return out;
  }
  const std::string mend = "one nvidia-smi and one libnvidia-ml.so.1 in the container: those that the host mounts";
  if (smi.drivers != nvml.drivers) {
    out.push_back(
        {"nvidia-smi says driver " + support::printable(listed(smi.drivers)) + ", NVML " + listed(nvml.drivers), mend,
         true});
  }
  if (smi.gpus != nvml.gpus) {
    out.push_back(
        {"nvidia-smi lists " + std::to_string(smi.gpus) + " GPUs, NVML " + std::to_string(nvml.gpus), mend, true});
  }
  return out;
}

SmiFailure explain_smi(const process::Outcome& outcome) {
  const std::string said = outcome.out + "\n" + outcome.err;
  for (const Meaning& row : kMeanings) {
    if (said.find(row.words) != std::string::npos) return {row.sentence, row.layer, row.mend};
  }
  if (outcome.kind == process::Outcome::Kind::kDeadline) {
    return {"it " + process::describe(outcome) + ": the driver does not answer", Layer::kHostDriver,
            "`dmesg | grep -e NVRM -e Xid` on the host; reboot it where the driver hangs"};
  }
  if (outcome.kind == process::Outcome::Kind::kNotStarted) {
    return {"it " + process::describe(outcome), Layer::kImage,
            "take the image's own nvidia-smi away: the container toolkit mounts the host's"};
  }
  return {"it " + process::describe(outcome), Layer::kHostDriver, "`nvidia-smi` on the host says the same or more"};
}

}  // namespace envforge::validator::container
