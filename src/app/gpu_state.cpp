#include "gpu_state.hpp"

#include <cstdlib>

#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

// In the order in which they are asked; the first three name the GPU.
const std::vector<std::string> kFields = {
    "uuid",         "name",      "pci.bus_id", "utilization.gpu", "memory.used",
    "memory.total", "clocks.sm", "power.draw", "temperature.gpu", "ecc.errors.uncorrected.volatile.total"};

process::Outcome ask(process::ProcessRunner& processes, const std::vector<std::string>& argv) {
  process::Command command;
  command.argv = argv;
  command.deadline = std::chrono::seconds(10);
  return processes.run(command);
}

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& line : support::split(csv, '\n')) {
    if (support::trim(line).empty()) continue;
    std::vector<std::string> row;
    for (const auto& field : support::split(line, ',')) row.push_back(support::trim(field));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<ProcessGpu> ask_gpu_state(process::ProcessRunner& processes, int pid, InspectedProcess& out) {
  std::vector<ProcessGpu> gpus;
  const auto answer =
      ask(processes, {"nvidia-smi", "--query-gpu=" + support::join(kFields, ","), "--format=csv,noheader"});
  if (answer.kind == process::Outcome::Kind::kDeadline) {
    out.findings.push_back("nvidia-smi did not answer within 10 s: NVIDIA's driver itself hangs; rests on its silence");
    return gpus;
  }
  if (!answer.ok()) {
    out.unread.push_back("the GPUs' state: nvidia-smi " + process::describe(answer));
    return gpus;
  }
  for (const auto& row : rows_of(answer.out)) {
    if (row.size() != kFields.size()) continue;
    ProcessGpu gpu{row[0], row[1], row[2], "", {}};
    for (std::size_t i = 3; i < kFields.size(); ++i) gpu.state[kFields[i]] = row[i];
    gpus.push_back(std::move(gpu));
  }
  const auto apps =
      ask(processes, {"nvidia-smi", "--query-compute-apps=pid,gpu_uuid,used_memory", "--format=csv,noheader"});
  if (!apps.ok()) out.unread.push_back("the process's GPU memory: nvidia-smi " + process::describe(apps));
  for (const auto& row : rows_of(apps.ok() ? apps.out : "")) {
    if (row.size() != 3 || std::atoi(row[0].c_str()) != pid) continue;
    for (auto& gpu : gpus) {
      if (gpu.uuid == row[1]) gpu.memory_of_process = row[2];
    }
  }
  return gpus;
}

std::vector<Xid> xids_in(const std::string& kernel_log) {
  constexpr std::string_view kMark = "NVRM: Xid (PCI:";
  std::vector<Xid> out;
  for (const auto& line : support::split(kernel_log, '\n')) {
    const auto at = line.find(kMark);
    if (at == std::string::npos) continue;
    const auto close = line.find("): ", at);
    if (close == std::string::npos) continue;
    const auto bus = at + kMark.size();
    out.push_back({line.substr(bus, close - bus), std::atoi(line.c_str() + close + 3), line.substr(at)});
  }
  return out;
}

std::vector<Xid> ask_xids(process::ProcessRunner& processes, InspectedProcess& out) {
  const auto log = ask(processes, {"dmesg"});
  if (log.ok()) return xids_in(log.out);
  out.unread.push_back("Xids in the kernel's log: dmesg " + process::describe(log) + "; root may read it");
  return {};
}

}  // namespace envforge::app
