#include <algorithm>

#include <envforge/compat/machine_code.hpp>
#include <envforge/versions/driver.hpp>
#include <envforge/versions/version_range.hpp>

#include "answer.hpp"

namespace envforge::resolve {
namespace {

using compat::BuildPlatform;
using compat::cite;
using compat::Coverage;
using versions::Version;

class WarningMaker {
 public:
  WarningMaker(const Problem& problem, const Candidate& candidate)
      : problem_(problem),
        candidate_(candidate),
        option_(problem.option(candidate)),
        uses_(forward_uses(problem, candidate)) {}

  std::vector<Warning> make() {
    for (const std::string& name : problem_.spec->platforms) about_platform(name);
    for (const PoolGpu& gpu : problem_.gpus) about_gpu(gpu);
    for (const ForwardUse& use : uses_) about_forward(use);
    for (const Constraint& constraint : problem_.constraints) {
      const bool driver = constraint.kind == ConstraintKind::kGpuDriver;
      const bool told_here =
          driver || constraint.kind == ConstraintKind::kInclude || constraint.kind == ConstraintKind::kPart ||
          constraint.kind == ConstraintKind::kCudaCompiler || constraint.kind == ConstraintKind::kCompiledCode;
      if (!told_here || check(problem_, constraint, candidate_) != Fit::kUnknown) continue;
      const Fact fact = why_not(problem_, constraint, candidate_);
      add(fact.text, problem_.wishes[driver ? constraint.wishes[1] : constraint.wishes[0]].where, fact.source);
    }
    for (const compat::KnownBad& bad : problem_.knowledge->tables().known_bad) about_known_bad(bad);
    return std::move(warnings_);
  }

 private:
  void add(std::string text, const support::Where& where, std::string source) {
    Warning warning{std::move(text), where, std::move(source)};
    if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end())
      warnings_.push_back(std::move(warning));
  }

  void about_platform(const std::string& name) {
    const BuildPlatform& platform = *platform_of(*option_.build, name);
    if (!platform.verified)
      add("that " + describe_build(option_) + " exists for " + name + " is not verified", {},
          cite(platform.evidence, "platform"));
    for (const PoolGpu& gpu : problem_.gpus) {
      if (!gpu.arm_host || name == "linux/arm64") about_code(platform, gpu);
    }
  }

  void about_code(const BuildPlatform& platform, const PoolGpu& gpu) {
    const std::string row = cite(platform.evidence, "sass");
    const std::string where = describe_build(option_) + " for " + std::string(platform.platform);
    switch (coverage(platform, *gpu.match.architecture, *problem_.knowledge)) {
      case Coverage::kLikely:
        add("the list of GPUs that " + where + " has code for is not verified; by it, " + describe_gpu(gpu) + " runs",
            gpu.name.where, row);
        break;
      case Coverage::kUnknown:
        add("whether " + where + " runs on " + describe_gpu(gpu) + " is not known to the data of " +
                problem_.knowledge->as_of(),
            gpu.name.where, row);
        break;
      case Coverage::kPtx:
        add(describe_gpu(gpu) + " has no machine code in " + where + ": the driver compiles its PTX at first use",
            gpu.name.where, row);
        break;
      case Coverage::kMachineCode:
      case Coverage::kNone:
        break;
    }
    BuildPlatform algebra;
    algebra.sass = platform.linalg_sass;
    if (algebra.sass.known && coverage(algebra, *gpu.match.architecture, *problem_.knowledge) == Coverage::kNone) {
      add("the linear algebra library of " + where + " has no code for " + describe_gpu(gpu) +
              ": some functions of torch.linalg fail there",
          gpu.name.where, row);
    }
  }

  void about_gpu(const PoolGpu& gpu) {
    if (gpu.match.inferred) {
      add("'" + gpu.name.value + "' is not in the data; compute capability " + gpu.match.cc + " is taken from " +
              std::string(gpu.match.models.front()->name),
          gpu.name.where, cite(gpu.match.models.front()->evidence));
    }
    const auto doubtful = std::find_if(gpu.match.models.begin(), gpu.match.models.end(),
                                       [](const compat::Gpu* model) { return model->evidence.is_unverified("cc"); });
    if (doubtful != gpu.match.models.end()) {
      add("the compute capability " + gpu.match.cc + " of " + std::string((*doubtful)->name) +
              " is taken from its chip family",
          gpu.name.where, cite((*doubtful)->evidence, "cc"));
    }
    if (const auto& driver = problem_.spec->pools[gpu.pool].driver) about_driver(gpu, *driver);
  }

  void about_forward(const ForwardUse& use) {
    const documents::Pool& pool = problem_.spec->pools[use.pool];
    const auto* row = problem_.knowledge->forward_compat(option_.cuda);
    const std::string package = forward_package(option_.cuda);
    const std::string text = "pool '" + pool.name + "' runs CUDA " + option_.cuda.text() + " on driver " +
                             versions::driver_text(pool.driver->value) + " only with NVIDIA's " + package +
                             " in its containers";
    add(use.certain ? text + "; envforge does not install it"
                    : text + ", and whether that covers " + describe_gpu(*use.gpu) + " is not known to the data of " +
                          problem_.knowledge->as_of(),
        pool.driver->where, row == nullptr ? "" : cite(row->evidence));
  }

  void about_known_bad(const compat::KnownBad& bad) {
    const auto in = [](std::string_view range, std::string_view version) {
      const auto parsed = Version::parse(version);
      return range.empty() || (parsed && versions::VersionRange::parse(range)->contains(*parsed));
    };
    const compat::Build& build = *option_.build;
    const auto& platforms = problem_.spec->platforms;
    if (!in(bad.torch, option_.release->version) || !in(bad.cuda, build.cuda) || !in(bad.cudnn, build.cudnn) ||
        !in(bad.nccl, build.nccl))
      return;
    if (!bad.platform.empty() && std::find(platforms.begin(), platforms.end(), bad.platform) == platforms.end()) return;
    const std::string text = "known trouble of " + describe_build(option_) + ": " + std::string(bad.fact);
    // A condition that is inferred makes the whole row so.
    const auto& doubts = bad.evidence.unverified;
    const std::string source = cite(bad.evidence, doubts.empty() ? std::string_view() : doubts.front());
    if (bad.gpu.empty()) return add(text, problem_.spec->torch.version.where, source);
    for (const PoolGpu& gpu : problem_.gpus) {
      if (in(bad.gpu, gpu.match.cc)) add(text, gpu.name.where, source);
    }
  }

  void about_driver(const PoolGpu& gpu, const documents::Located<Version>& driver) {
    const auto* branch = problem_.knowledge->branch(driver.value);
    const Fit fit = gpu_driver_fit(*problem_.knowledge, driver.value, *gpu.match.architecture, gpu.first_branch);
    if (branch == nullptr || fit == Fit::kUnknown) return;  // told with what else is not known
    const auto lacks = [&](const compat::Gpu* model) { return !first_listed(*model, *branch, driver.value).empty(); };
    if (gpu.match.models.empty() || !std::all_of(gpu.match.models.begin(), gpu.match.models.end(), lacks)) return;
    const compat::Gpu& model = *gpu.match.models.front();
    add("driver " + versions::driver_text(driver.value) + " does not list " + gpu.name.value + "; " +
            first_listed(model, *branch, driver.value) + " is the first that lists " + std::string(model.name),
        driver.where, cite(model.evidence));
  }

  // The driver that first lists the model where this one does not; "" if it does or nothing is known.
  static std::string first_listed(const compat::Gpu& model, const compat::DriverBranch& branch, const Version& driver) {
    if (model.first_listed.empty()) return "";
    const auto same = std::find_if(model.first_listed.begin(), model.first_listed.end(),
                                   [&](const compat::FirstListed& row) { return row.branch == branch.branch; });
    if (same != model.first_listed.end()) return driver < Version::of(same->driver) ? std::string(same->driver) : "";
    const auto oldest = std::min_element(model.first_listed.begin(), model.first_listed.end(),
                                         [](const compat::FirstListed& a, const compat::FirstListed& b) {
                                           return Version::of(a.driver) < Version::of(b.driver);
                                         });
    return driver < Version::of(oldest->driver) ? std::string(oldest->driver) : "";
  }

  const Problem& problem_;
  const Candidate& candidate_;
  const BuildOption& option_;
  const std::vector<ForwardUse> uses_;
  std::vector<Warning> warnings_;
};

}  // namespace

std::vector<ForwardUse> forward_uses(const Problem& problem, const Candidate& candidate) {
  const BuildOption& option = problem.option(candidate);
  std::vector<ForwardUse> uses;
  for (const Constraint& constraint : problem.constraints) {
    const bool floor = constraint.kind == ConstraintKind::kDriverFloor;
    if (!problem.forward_compat(constraint) || (!floor && constraint.kind != ConstraintKind::kPtxDriver)) continue;
    if (own_fit(problem, constraint, option, problem.driver(constraint)) == Fit::kYes) continue;
    const bool certain = check(problem, constraint, candidate) == Fit::kYes;
    const ForwardUse use{*constraint.pool, &problem.gpus[constraint.gpu], certain, floor};
    const auto other =
        std::find_if(uses.begin(), uses.end(), [&](const ForwardUse& known) { return known.pool == use.pool; });
    if (other == uses.end()) {
      uses.push_back(use);
      continue;
    }
    const bool below = other->below_floor || floor;
    if (other->certain && !certain) *other = use;
    other->below_floor = below;
  }
  return uses;
}

std::vector<Warning> make_warnings(const Problem& problem, const Candidate& candidate) {
  return WarningMaker(problem, candidate).make();
}

}  // namespace envforge::resolve
