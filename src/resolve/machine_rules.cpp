#include "machine_rules.hpp"

namespace envforge::resolve {

using compat::Coverage;
using versions::Version;

bool outlived(const BuildOption& option, const compat::Architecture& gpu) {
  return !gpu.last_cuda.empty() && option.cuda > Version::of(gpu.last_cuda) && !gpu.evidence.is_unverified("last_cuda");
}

const compat::CudnnFloor* cudnn_without(const compat::Knowledge& knowledge, const BuildOption& option,
                                        const compat::Architecture& gpu) {
  if (option.build->evidence.is_unverified("cudnn")) return nullptr;
  return knowledge.cudnn_without(option.build->cudnn, Version::of(gpu.cc));
}

Fit code_fit(const compat::Knowledge& knowledge, const BuildOption& option, const compat::BuildPlatform& platform,
             const compat::Architecture& gpu) {
  if (outlived(option, gpu) || cudnn_without(knowledge, option, gpu) != nullptr) return Fit::kNo;
  const Coverage covered = coverage(platform, gpu, knowledge);
  if (covered == Coverage::kNone) return Fit::kNo;
  return covered == Coverage::kUnknown ? Fit::kUnknown : Fit::kYes;
}

Fit driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const Version& driver) {
  if (const auto* major = knowledge.cuda_major(option.cuda)) {
    return driver >= Version::of(major->driver_floor) ? Fit::kYes : Fit::kNo;
  }
  const auto* toolkit = knowledge.toolkit(option.cuda);
  if (toolkit == nullptr) return Fit::kUnknown;
  return driver >= Version::of(toolkit->bundled_driver) ? Fit::kYes : Fit::kNo;
}

bool driver_knows(const Version& driver, const compat::Architecture& gpu) {
  return gpu.last_driver_branch.empty() || driver.major() <= Version::of(gpu.last_driver_branch.substr(1)).major();
}

Fit ptx_driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const Version& driver) {
  const auto* branch = knowledge.branch(driver);
  if (branch == nullptr) return Fit::kUnknown;
  return Version::of(branch->max_cuda) >= option.cuda ? Fit::kYes : Fit::kNo;
}

}  // namespace envforge::resolve
