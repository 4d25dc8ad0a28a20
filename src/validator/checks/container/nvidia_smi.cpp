// Proves: an nvidia-smi that the container has starts, ends well, and names the driver and as many GPUs as NVML does.
// Control: a driver of another version is put into NVML's answer before the comparison.
// Suite: quick
//
// It is the first thing that people type, and the program that a pool's health checks run.
#include "container/nvidia_smi.hpp"

#include <iterator>

#include <envforge/support/text.hpp>

#include "checks/container/driver_files.hpp"
#include "container/report_findings.hpp"
#include "gpu/nvml_api.hpp"
#include "harness/check.hpp"
#include "loader/root.hpp"

namespace envforge::validator {
namespace {

using harness::Context;
using protocol::Layer;

constexpr std::chrono::seconds kDeadline{10};  // each GPU that nobody keeps awake costs it about a second

class NvidiaSmi : public harness::Check {
 public:
  std::optional<std::string> skip_reason(Context& context) override {
    if (context.request().expected_gpus == 0) return "the run was asked not to use a GPU";
    return std::nullopt;
  }

  void run(Context& context, protocol::CheckResult& result) override {
    process::PosixProcessRunner runner;
    const auto programs = runner.find_programs("nvidia-smi");
    if (programs.empty()) {
      throw harness::Skip(
          "there is no nvidia-smi on PATH; the container toolkit mounts it with the driver capability "
          "utility");
    }
    const std::string& program = programs.front();
    const loader::Root root;
    const std::string mount = container::mount_of(root.real(program).value_or(program), mountinfo());
    const std::string whose = program + (mount.empty() ? ", of the image" : ", mounted");
    context.doing(program);
    process::Command command;
    command.argv = {program};
    command.argv.insert(command.argv.end(), std::begin(container::kSmiQuery), std::end(container::kSmiQuery));
    command.deadline = kDeadline;
    command.keep_bytes = 1U << 20;
    const auto outcome = runner.run(command);
    if (!outcome.ok()) fail(outcome, whose);
    compare(context, container::parse_smi(outcome.out), whose, result);
  }

 private:
  [[noreturn]] static void fail(const process::Outcome& outcome, const std::string& whose) {
    const auto failure = container::explain_smi(outcome);
    const std::string said = support::trim(outcome.out + "\n" + outcome.err).substr(0, 1000);
    const std::string evidence =
        whose + ": " + process::describe(outcome) + (said.empty() ? "" : ": " + support::printable(said));
    const std::string what = "nvidia-smi fails: " + failure.what;
    if (outcome.kind == process::Outcome::Kind::kDeadline) {
      throw harness::Hang(what, failure.layer, evidence, failure.mend);
    }
    throw harness::Failure(what, failure.layer, evidence, failure.mend);
  }

  static void compare(Context& context, const container::DriverAnswer& smi, const std::string& whose,
                      protocol::CheckResult& result) {
    context.doing("nvmlInit");
    const auto nvml = gpu::Nvml::start();
    if (!nvml)
      throw harness::Skip(whose + " answers, but NVML does not start in this process: container.gpus says more");
    container::DriverAnswer truth{{nvml->driver_version()}, nvml->count()};
    const auto kept = truth;
    const harness::Control control{"driver 1.0 in NVML's answer", 1, [&] { truth.drivers = {"1.0"}; },
                                   [&] { truth = kept; }};
    result.summary =
        whose + ": driver " + nvml->driver_version() + ", " + std::to_string(smi.gpus) + " GPUs, as NVML says";
    container::report_findings(
        result, [&] { return container::judge_agreement(smi, truth); }, 2, control,
        whose.find("of the image") == std::string::npos ? Layer::kHostDriver : Layer::kImage, whose);
  }
};
ENVFORGE_CHECK(NvidiaSmi);

}  // namespace
}  // namespace envforge::validator
