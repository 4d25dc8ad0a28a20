#include "machine_rules.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>

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

std::vector<const compat::Architecture*> serving(const compat::Knowledge& knowledge, const compat::Architecture& gpu) {
  std::vector<const compat::Architecture*> rows;
  for (const compat::Architecture& row : knowledge.tables().architectures) {
    const auto code = compat::parse_code_target(compat::sm_name(row.cc));
    if (code && runs_on(*code, gpu, knowledge)) rows.push_back(&row);
  }
  std::sort(rows.begin(), rows.end(),
            [](const auto* a, const auto* b) { return Version::of(a->cc) < Version::of(b->cc); });
  return rows;
}

std::string needed_code(const compat::Knowledge& knowledge, const compat::Architecture& gpu) {
  std::vector<std::string> names;
  for (const auto* row : serving(knowledge, gpu)) names.push_back(compat::sm_name(row->cc));
  return support::join(names, " or ");
}

bool too_early(const compat::Knowledge& knowledge, const BuildOption& option, const compat::Architecture& gpu) {
  const auto rows = serving(knowledge, gpu);
  return std::none_of(rows.begin(), rows.end(), [&](const compat::Architecture* row) {
    return option.cuda >= Version::of(row->first_cuda) || row->evidence.is_unverified("first_cuda");
  });
}

bool without_wheels(const compat::Knowledge& knowledge, const compat::Architecture& gpu) {
  if (!gpu.tegra) return false;
  for (const compat::Release& release : knowledge.tables().releases) {
    for (const compat::Build& build : release.builds) {
      const auto serves = [&](const compat::BuildPlatform& platform) {
        const Coverage covered = coverage(platform, gpu, knowledge);
        return covered != Coverage::kNone && covered != Coverage::kUnknown;
      };
      if (std::any_of(build.platforms.begin(), build.platforms.end(), serves)) return false;
    }
  }
  return true;
}

Fit code_fit(const compat::Knowledge& knowledge, const BuildOption& option, const compat::BuildPlatform& platform,
             const compat::Architecture& gpu) {
  if (outlived(option, gpu) || cudnn_without(knowledge, option, gpu) != nullptr) return Fit::kNo;
  const Coverage covered = coverage(platform, gpu, knowledge);
  if (covered == Coverage::kNone) return Fit::kNo;
  if (covered != Coverage::kUnknown) return Fit::kYes;
  // Only PTX could help then, and the list, though nobody verified it, has none.
  const bool impossible = platform.sass.known && too_early(knowledge, option, gpu);
  return impossible || without_wheels(knowledge, gpu) ? Fit::kNo : Fit::kUnknown;
}

Fit driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const Version& driver) {
  if (const auto* major = knowledge.cuda_major(option.cuda)) {
    return driver >= Version::of(major->driver_floor) ? Fit::kYes : Fit::kNo;
  }
  const auto* toolkit = knowledge.toolkit(option.cuda);
  if (toolkit == nullptr) return Fit::kUnknown;
  return driver >= Version::of(toolkit->bundled_driver) ? Fit::kYes : Fit::kNo;
}

namespace {

// 535 of "R535".
unsigned number_of(std::string_view branch) {
  return Version::of(branch.substr(1)).major();
}

}  // namespace

unsigned first_branch(const compat::Knowledge& knowledge, std::string_view cc) {
  unsigned first = 0;
  for (const compat::Gpu& model : knowledge.tables().gpus) {
    if (model.cc != cc) continue;
    for (const compat::FirstListed& row : model.first_listed)
      first = first == 0 ? number_of(row.branch) : std::min(first, number_of(row.branch));
  }
  return first;
}

bool reports_too_little(const compat::DriverBranch& branch, const compat::Architecture& gpu, unsigned first_branch) {
  return first_branch == 0 && !gpu.evidence.is_unverified("first_cuda") &&
         Version::of(branch.max_cuda) < Version::of(gpu.first_cuda);
}

Fit gpu_driver_fit(const compat::Knowledge& knowledge, const Version& driver, const compat::Architecture& gpu,
                   unsigned first_branch) {
  if (!gpu.last_driver_branch.empty() && driver.major() > number_of(gpu.last_driver_branch)) return Fit::kNo;
  const auto* branch = knowledge.branch(driver);
  const bool listed = branch != nullptr && driver.major() >= first_branch;
  return !listed || reports_too_little(*branch, gpu, first_branch) ? Fit::kUnknown : Fit::kYes;
}

const compat::DriverBranch* nearest_branch(const compat::Knowledge& knowledge, const Version& driver) {
  const auto& branches = knowledge.tables().branches;  // newest first
  if (branches.empty()) return nullptr;
  const auto older = std::find_if(branches.begin(), branches.end(),
                                  [&](const auto& row) { return number_of(row.branch) < driver.major(); });
  return older == branches.end() ? &branches.back() : &*older;
}

std::string branch_not_known(const compat::Knowledge& knowledge, const Version& driver) {
  const auto* nearest = nearest_branch(knowledge, driver);
  const std::string text =
      "the driver branch R" + std::to_string(driver.major()) + " is not known to the data of " + knowledge.as_of();
  if (nearest == nullptr) return text;
  const std::string name(nearest->branch);
  if (driver.major() < number_of(nearest->branch)) return text + "; the oldest that is known is " + name;
  if (nearest == &knowledge.tables().branches.front()) return text + "; the newest that is known is " + name;
  return text + "; the nearest that are known are " + name + " and " + std::string((nearest - 1)->branch);
}

Fit ptx_driver_fit(const compat::Knowledge& knowledge, const BuildOption& option, const Version& driver) {
  const auto* branch = knowledge.branch(driver);
  if (branch == nullptr) return Fit::kUnknown;
  return Version::of(branch->max_cuda) >= option.cuda ? Fit::kYes : Fit::kNo;
}

Fit forward_class(const compat::GpuMatch& gpu) {
  if (gpu.inferred || gpu.models.empty()) return Fit::kUnknown;
  const auto all = [&](bool allowed) {
    return std::all_of(gpu.models.begin(), gpu.models.end(),
                       [&](const compat::Gpu* model) { return model->forward_compat == allowed; });
  };
  return all(true) ? Fit::kYes : all(false) ? Fit::kNo : Fit::kUnknown;
}

Fit forward_fit(const compat::Knowledge& knowledge, const BuildOption& option, const Version& driver,
                const compat::GpuMatch& gpu) {
  const Fit allowed = forward_class(gpu);
  if (allowed == Fit::kNo) return Fit::kNo;
  const auto* row = knowledge.forward_compat(option.cuda);
  const auto* branch = knowledge.branch(driver);
  if (row == nullptr || branch == nullptr) return Fit::kUnknown;
  const bool listed = std::find(row->branches.begin(), row->branches.end(), branch->branch) != row->branches.end();
  return listed ? allowed : Fit::kNo;
}

std::string forward_package(const Version& cuda) {
  return "cuda-compat-" + std::to_string(cuda.major()) + "-" + std::to_string(cuda.minor());
}

}  // namespace envforge::resolve
