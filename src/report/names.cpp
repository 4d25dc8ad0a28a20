#include "names.hpp"

#include <algorithm>
#include <vector>

#include <envforge/support/text.hpp>

namespace envforge::report {

std::string machine_text(const protocol::Report& report) {
  const auto& gpus = report.machine.gpus;
  if (gpus.empty()) return "no GPU";
  const bool alike =
      std::all_of(gpus.begin(), gpus.end(), [&](const protocol::GpuInfo& gpu) { return gpu.name == gpus[0].name; });
  std::vector<std::string> names;
  for (const auto& gpu : gpus) names.push_back(gpu.name);
  const std::string what =
      alike ? (gpus.size() > 1 ? std::to_string(gpus.size()) + " x " : "") + names[0] : support::join(names, ", ");
  return what + ", driver " + report.machine.driver;
}

std::string short_gpu(const protocol::Report& report, const std::string& uuid) {
  const auto& gpus = report.machine.gpus;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (gpus[i].uuid == uuid) return "GPU " + std::to_string(i);
  }
  return uuid.empty() ? "all GPUs" : uuid;
}

}  // namespace envforge::report
