#include "matrix_machines.hpp"

#include <algorithm>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>

namespace envforge::resolve {
namespace {

using compat::BuildPlatform;
using compat::Coverage;
using compat::Knowledge;
using support::Error;
using support::ErrorCode;
using versions::Version;

constexpr std::string_view kArm = "linux/arm64";

Version need_driver(const std::string& text) {
  const auto driver = versions::parse_driver(text);
  if (driver) return *driver;
  throw Error(ErrorCode::kUsage,
              "--driver '" + support::printable(text) + "': expected a driver version, such as 550.90.07");
}

Machine machine_of(const Knowledge& knowledge, const std::string& gpu, const support::Where& where) {
  Machine machine;
  machine.name = gpu;
  machine.gpu = need_gpu(knowledge, gpu, where);
  machine.first_branch = first_branch(knowledge, machine.gpu->cc);
  machine.arm_host = needs_arm_host(*machine.gpu);
  return machine;
}

void add_pool(std::vector<Machine>& machines, const Knowledge& knowledge, const documents::Pool& pool) {
  for (const auto& gpu : pool.gpus) {
    machines.push_back(machine_of(knowledge, gpu.value, gpu.where));
    machines.back().name = pool.name + " (" + gpu.value + ")";
    if (!pool.driver) continue;
    machines.back().driver = pool.driver->value;
    machines.back().forward_compat = pool.forward_compat;
  }
}

// One machine and one build's row.
class Judge {
 public:
  Judge(const Knowledge& knowledge, const Machine& machine, const BuildOption& option, const BuildPlatform& platform)
      : knowledge_(knowledge), machine_(machine), option_(option), platform_(platform) {}

  Fit judge() {
    Fit fit = Fit::kYes;
    const auto& driver = machine_.driver;
    if (machine_.gpu) {
      const compat::Architecture& architecture = *machine_.gpu->architecture;
      fit = code_fit(knowledge_, option_, platform_, architecture);
      const Coverage covered = coverage(platform_, architecture, knowledge_);
      if (covered == Coverage::kUnknown) doubts.emplace_back("not known to run");
      if (covered == Coverage::kLikely) doubts.emplace_back("not verified");
      if (covered == Coverage::kPtx) doubts.emplace_back("from PTX");
      if (covered == Coverage::kPtx && driver)
        fit = std::max(fit, carried(ptx_driver_fit(knowledge_, option_, *driver)));
    }
    if (!driver) return fit;
    fit = std::max(fit, carried(driver_fit(knowledge_, option_, *driver)));
    return std::max(fit, driven());
  }

  std::vector<std::string> doubts;

 private:
  // What forward compatibility makes of a driver's answer.
  Fit carried(Fit own) {
    if (own == Fit::kYes || !machine_.forward_compat) return own;
    const Fit carried = forward_fit(knowledge_, option_, *machine_.driver, *machine_.gpu);
    const std::string package =
        "with " + forward_package(option_.cuda) + (carried == Fit::kYes ? "" : ", not known to cover it");
    const bool told = std::find(doubts.begin(), doubts.end(), package) != doubts.end();
    if (carried != Fit::kNo && own == Fit::kNo && !told) doubts.push_back(package);
    return std::min(own, carried);
  }

  // Whether the driver supports the GPU; without a GPU, whether anything is known of its branch.
  Fit driven() {
    const bool known = knowledge_.branch(*machine_.driver) != nullptr;
    const Fit fit =
        machine_.gpu ? gpu_driver_fit(knowledge_, *machine_.driver, *machine_.gpu->architecture, machine_.first_branch)
        : known      ? Fit::kYes
                     : Fit::kUnknown;
    if (fit == Fit::kUnknown)
      doubts.push_back(known ? "the first driver known to list the GPU is of R" + std::to_string(machine_.first_branch)
                             : "the driver's branch is not known");
    return fit;
  }

  const Knowledge& knowledge_;
  const Machine& machine_;
  const BuildOption& option_;
  const BuildPlatform& platform_;
};

}  // namespace

std::vector<Machine> machines_of(const Knowledge& knowledge, const MatrixFilter& filter) {
  if (filter.forward_compat && filter.pools.empty() && (filter.gpus.empty() || filter.drivers.empty()))
    throw Error(ErrorCode::kUsage, "--forward-compat asks about a GPU and a driver", std::nullopt,
                "such as --gpu H100 --driver 535");
  std::vector<Machine> machines;
  for (const auto& gpu : filter.gpus) machines.push_back(machine_of(knowledge, gpu, {}));
  if (!filter.drivers.empty()) {
    const auto without = std::exchange(machines, {});
    for (const auto& text : filter.drivers) {
      for (const Machine& gpu : without.empty() ? std::vector<Machine>(1) : without) {
        machines.push_back(gpu);
        Machine& machine = machines.back();
        machine.driver = need_driver(text);
        machine.forward_compat = filter.forward_compat;
        if (filter.drivers.size() > 1) machine.name += (gpu.gpu ? " with driver " : "driver ") + text;
      }
    }
  }
  for (const auto& pool : filter.pools) add_pool(machines, knowledge, pool);
  return machines;
}

Fit machines_fit(const Knowledge& knowledge, const std::vector<Machine>& machines, const BuildOption& option,
                 const BuildPlatform& platform, std::vector<std::string>& doubts) {
  // Of a mixed target a GPU on an Arm host takes the same build's image for linux/arm64.
  const bool all_arm = std::all_of(machines.begin(), machines.end(), [](const Machine& each) { return each.arm_host; });
  Fit fit = Fit::kYes;
  std::vector<std::pair<std::string, std::vector<std::string>>> told;  // a doubt, and the machines that have it
  for (const Machine& machine : machines) {
    const BuildPlatform* own = &platform;
    if (machine.arm_host && platform.platform != kArm) own = all_arm ? nullptr : platform_of(*option.build, kArm);
    if (own == nullptr) return Fit::kNo;
    Judge judge(knowledge, machine, option, *own);
    fit = std::max(fit, judge.judge());
    for (const std::string& doubt : judge.doubts) {
      auto found = std::find_if(told.begin(), told.end(), [&](const auto& each) { return each.first == doubt; });
      if (found == told.end()) found = told.insert(told.end(), {doubt, {}});
      found->second.push_back(machine.name);
    }
  }
  for (const auto& [doubt, names] : told)
    doubts.push_back(names.size() == machines.size() ? doubt : support::join(names, ", ") + ": " + doubt);
  return fit;
}

}  // namespace envforge::resolve
