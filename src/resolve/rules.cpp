#include "rules.hpp"

#include <algorithm>

#include <envforge/compat/machine_code.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/driver.hpp>
#include <envforge/versions/python_name.hpp>

#include "compiler_rules.hpp"
#include "part_rules.hpp"

namespace envforge::resolve {
namespace {

using compat::BuildPlatform;
using compat::cite;
using compat::Coverage;
using versions::Version;

bool has(compat::Names names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Fit check_code(const Problem& problem, const Constraint& constraint, const BuildOption& option) {
  const BuildPlatform* platform = platform_of(*option.build, constraint.platform);
  if (platform == nullptr) return Fit::kYes;  // the constraint about the platform says so
  return code_fit(*problem.knowledge, option, *platform, *problem.gpus[constraint.gpu].match.architecture);
}

Fit ptx_driver(const Problem& problem, const Constraint& constraint, const BuildOption& option, const Version& driver) {
  const compat::Architecture& gpu = *problem.gpus[constraint.gpu].match.architecture;
  const bool from_ptx =
      std::any_of(option.build->platforms.begin(), option.build->platforms.end(), [&](const BuildPlatform& platform) {
        const auto& wanted = problem.spec->platforms;
        return std::find(wanted.begin(), wanted.end(), platform.platform) != wanted.end() &&
               coverage(platform, gpu, *problem.knowledge) == Coverage::kPtx;
      });
  if (!from_ptx) return Fit::kYes;
  return ptx_driver_fit(*problem.knowledge, option, driver);
}

// A torchaudio that serves several torch: its own import refuses a torch of another CUDA. PyPI has one build of it, and
// PyTorch's index can have it for no more than the torch that it came with.
Fit torchaudio_fit(const Problem& problem, const BuildOption& option) {
  const compat::Release& release = *option.release;
  const std::string_view cuda = option.build->cuda;
  if (release.torchaudio_cuda.empty() || has(release.torchaudio_cuda, cuda)) return Fit::kYes;
  const auto& platforms = option.build->platforms;
  if (std::any_of(platforms.begin(), platforms.end(), [](const BuildPlatform& platform) { return platform.on_pypi; }))
    return Fit::kNo;
  const compat::Release* own = problem.knowledge->release(release.torchaudio);
  if (own == nullptr) return Fit::kUnknown;
  const bool built = std::any_of(own->builds.begin(), own->builds.end(),
                                 [&](const compat::Build& build) { return build.cuda == cuda; });
  return built ? Fit::kUnknown : Fit::kNo;
}

// torchvision and torchaudio beside a torch without a GIL: of each torch that PyPI has for it, PyPI has them too (2.7.0
// to 2.15.0, its lists of files read 2026-11-22); of what only PyTorch's own index has, nobody looked.
Fit free_threaded_fit(const compat::Release& release, std::string_view python) {
  if (!versions::is_free_threaded(python)) return Fit::kYes;
  const auto on_pypi = [](const BuildPlatform& platform) { return platform.on_pypi; };
  const bool known = std::any_of(release.builds.begin(), release.builds.end(), [&](const compat::Build& build) {
    return has(build.free_threaded, python) && std::any_of(build.platforms.begin(), build.platforms.end(), on_pypi);
  });
  return known ? Fit::kYes : Fit::kUnknown;
}

Fit check_include(const Constraint& constraint, const Problem& problem, const Candidate& candidate) {
  const compat::Release& release = *problem.option(candidate).release;
  const bool vision = problem.wishes[constraint.wishes[0]].value == "torchvision";
  const std::string_view version = vision ? release.torchvision : release.torchaudio;
  const compat::Names python = vision ? release.torchvision_python : release.torchaudio_python;
  if (version.empty()) return Fit::kNo;
  if (!python.empty() && !has(python, versions::without_t(candidate.python))) return Fit::kNo;
  const Fit free = free_threaded_fit(release, candidate.python);
  return vision ? free : std::max(free, torchaudio_fit(problem, problem.option(candidate)));
}

Fit check_platform(const BuildOption& option, const std::string& platform) {
  const BuildPlatform* row = platform_of(*option.build, platform);
  return row == nullptr ? Fit::kNo : row->verified ? Fit::kYes : Fit::kUnknown;
}

Fact code_fact(const Problem& problem, const Constraint& constraint, const BuildOption& option) {
  const PoolGpu& gpu = problem.gpus[constraint.gpu];
  const compat::Architecture& architecture = *gpu.match.architecture;
  if (outlived(option, architecture)) {
    return {"CUDA " + option.cuda.text() + " makes no code for " + describe_gpu(gpu) + ": " +
                std::string(architecture.last_cuda) + " is the last toolkit for " + std::string(architecture.name),
            cite(architecture.evidence, "last_cuda")};
  }
  if (const auto* floor = cudnn_without(*problem.knowledge, option, architecture)) {
    return {
        describe_build(option) + " carries cuDNN " + std::string(option.build->cudnn) + ": " + std::string(floor->fact),
        cite(floor->evidence)};
  }
  const BuildPlatform& platform = *platform_of(*option.build, constraint.platform);
  std::string text = describe_build(option) + " for " + constraint.platform;
  if (!platform.sass.known) {
    text += ": which GPUs it has code for is not known";
  } else {
    text += platform.sass.verified ? " has code for " : " has, by a list that is not verified, code for ";
    text += describe_code(platform.sass.names);
    text += !platform.ptx.known          ? ", and no PTX that is known"
            : platform.ptx.names.empty() ? " and no PTX"
                                         : " and PTX " + describe_code(platform.ptx.names);
    text += "; " + describe_gpu(gpu) + " needs " + needed_code(*problem.knowledge, architecture);
    if (too_early(*problem.knowledge, option, architecture)) {
      const auto codes = serving(*problem.knowledge, architecture);
      const auto first = std::min_element(codes.begin(), codes.end(), [](const auto* a, const auto* b) {
        return Version::of(a->first_cuda) < Version::of(b->first_cuda);
      });
      text += ", which CUDA " + std::string((*first)->first_cuda) + " is the first to make";
    }
    if (without_wheels(*problem.knowledge, architecture)) text += ", and no wheel that the data lists has code for it";
  }
  return {text, cite(platform.evidence, "sass")};
}

// Why forward compatibility does not help a pool that allows it; nothing for the others.
Fact forward_fact(const Problem& problem, const Constraint& constraint, const BuildOption& option) {
  if (!problem.forward_compat(constraint)) return {};
  const PoolGpu& gpu = problem.gpus[constraint.gpu];
  const auto* row = problem.knowledge->forward_compat(option.cuda);
  const std::string package = forward_package(option.cuda);
  const std::string as_of = problem.knowledge->as_of();
  if (forward_class(gpu.match) == Fit::kNo) {
    const compat::Gpu& model = *gpu.match.models.front();
    return {"forward compatibility (" + package + ") does not cover " + std::string(model.name), cite(model.evidence)};
  }
  if (row == nullptr)
    return {
        "which drivers " + package + " carries CUDA " + option.cuda.text() + " on is not known to the data of " + as_of,
        ""};
  const auto* branch = problem.knowledge->branch(problem.driver(constraint));
  if (branch != nullptr && !has(row->branches, branch->branch)) {
    const std::vector<std::string> branches(row->branches.begin(), row->branches.end());
    return {"forward compatibility (" + package + ") is for " + support::join(branches, ", ") + ", not for " +
                std::string(branch->branch),
            cite(row->evidence)};
  }
  return {"whether forward compatibility (" + package + ") covers " +
              (branch == nullptr ? "driver " + versions::driver_text(problem.driver(constraint)) : describe_gpu(gpu)) +
              " is not known to the data of " + as_of,
          cite(row->evidence)};
}

Fact driver_fact(const Problem& problem, const Constraint& constraint, const BuildOption& option) {
  const std::string driver = versions::driver_text(problem.driver(constraint));
  if (const auto* major = problem.knowledge->cuda_major(option.cuda)) {
    return {"every CUDA " + std::to_string(major->major) + ".x needs driver " + std::string(major->driver_floor) +
                " or newer (minor-version compatibility); " + driver + " is older",
            cite(major->evidence)};
  }
  const auto* toolkit = problem.knowledge->toolkit(option.cuda);
  if (toolkit == nullptr) return {"the driver that CUDA " + option.cuda.text() + " needs is not known", ""};
  return {"CUDA " + option.cuda.text() + " has no minor-version compatibility and needs its own driver " +
              std::string(toolkit->bundled_driver) + " or newer; " + driver + " is older",
          cite(toolkit->evidence)};
}

Fact gpu_driver_fact(const Problem& problem, const Constraint& constraint) {
  const PoolGpu& gpu = problem.gpus[constraint.gpu];
  const compat::Architecture& row = *gpu.match.architecture;
  const Version& driver = problem.driver(constraint);
  if (gpu_driver_fit(*problem.knowledge, driver, row, gpu.first_branch) == Fit::kNo)
    return {std::string(row.last_driver_branch) + " is the last driver branch for " + std::string(row.name) +
                "; driver " + versions::driver_text(driver) + " is newer",
            cite(row.evidence)};
  if (problem.knowledge->branch(driver) == nullptr) {
    const auto* nearest = nearest_branch(*problem.knowledge, driver);
    return {branch_not_known(*problem.knowledge, driver), nearest == nullptr ? "" : cite(nearest->evidence)};
  }
  if (const auto* branch = problem.knowledge->branch(driver); reports_too_little(*branch, row, gpu.first_branch)) {
    return {std::string(branch->branch) + " reports CUDA " + std::string(branch->max_cuda) +
                ", and compute capability " + gpu.match.cc + " begins with CUDA " + std::string(row.first_cuda) +
                "; whether driver " + versions::driver_text(driver) + " knows it is not known",
            cite(branch->evidence) + "; " + cite(row.evidence, "first_cuda")};
  }
  const std::string first = "R" + std::to_string(gpu.first_branch);
  std::vector<const compat::Gpu*> models = gpu.match.models;  // the one that is asked about is told before others
  for (const compat::Gpu& model : problem.knowledge->tables().gpus) models.push_back(&model);
  const auto listed = std::find_if(models.begin(), models.end(), [&](const compat::Gpu* model) {
    const auto is_first = [&](const compat::FirstListed& one) { return one.branch == first; };
    return model->cc == gpu.match.cc && std::any_of(model->first_listed.begin(), model->first_listed.end(), is_first);
  });
  return {"no driver older than " + first + " is known to list a GPU of compute capability " + gpu.match.cc +
              "; driver " + versions::driver_text(driver) + " is older",
          cite((*listed)->evidence)};
}

Fact include_fact(const Problem& problem, const Constraint& constraint, const Candidate& candidate) {
  const compat::Release& release = *problem.option(candidate).release;
  const std::string& part = problem.wishes[constraint.wishes[0]].value;
  const bool vision = part == "torchvision";
  const Fit audio = vision ? Fit::kYes : torchaudio_fit(problem, problem.option(candidate));
  if (audio != Fit::kYes) {
    const std::string cuda(problem.option(candidate).build->cuda);
    return {"torchaudio " + std::string(release.torchaudio) + " is known for CUDA " +
                describe_code(release.torchaudio_cuda) +
                (audio == Fit::kNo ? " and refuses to be imported beside a torch for CUDA " + cuda
                                   : "; whether there is a build of it for CUDA " + cuda + " is not known"),
            cite(release.evidence)};
  }
  const compat::Names python = vision ? release.torchvision_python : release.torchaudio_python;
  const bool listed = python.empty() || has(python, versions::without_t(candidate.python));
  if (listed && free_threaded_fit(release, candidate.python) == Fit::kUnknown) {
    return {"whether " + part + " of torch " + std::string(release.version) + " has a wheel for Python " +
                std::string(candidate.python) + " is not known",
            cite(release.evidence)};
  }
  if (!(vision ? release.torchvision : release.torchaudio).empty()) {
    return {part + " of torch " + std::string(release.version) + " has no wheel for Python " +
                std::string(candidate.python),
            cite(release.evidence)};
  }
  std::string text = "torch " + std::string(release.version) + " has no " + part + " that is made for it";
  for (const compat::Release& older : problem.knowledge->tables().releases) {
    const std::string_view last = vision ? older.torchvision : older.torchaudio;
    if (last.empty()) continue;
    text += "; the last known is " + std::string(last) + ", for torch " + std::string(older.version);
    break;
  }
  return {text, cite(release.evidence)};
}

Fact capability_fact(const BuildOption& option, const Candidate& candidate) {
  const compat::Release& release = *option.release;
  const std::string torch = "torch " + std::string(release.version);
  if (release.triton.empty())
    return {torch + " comes without triton, which torch.compile needs", cite(release.evidence)};
  return {torch + " requires triton, which torch.compile needs, only for Python " + std::string(release.triton_python) +
              "; " + describe_python(candidate),
          cite(release.evidence)};
}

// What cuda-compat in the container makes of it.
Fit with_forward(const Problem& problem, const Constraint& constraint, const BuildOption& option) {
  const Fit own = own_fit(problem, constraint, option, problem.driver(constraint));
  if (own == Fit::kYes || !problem.forward_compat(constraint)) return own;
  return std::min(
      own, forward_fit(*problem.knowledge, option, problem.driver(constraint), problem.gpus[constraint.gpu].match));
}

}  // namespace

Fit own_fit(const Problem& problem, const Constraint& constraint, const BuildOption& option, const Version& driver) {
  if (constraint.kind == ConstraintKind::kPtxDriver) return ptx_driver(problem, constraint, option, driver);
  if (constraint.kind == ConstraintKind::kDriverFloor) return driver_fit(*problem.knowledge, option, driver);
  const PoolGpu& gpu = problem.gpus[constraint.gpu];
  return gpu_driver_fit(*problem.knowledge, driver, *gpu.match.architecture, gpu.first_branch);
}

Fit check(const Problem& problem, const Constraint& constraint, const Candidate& candidate) {
  const BuildOption& option = problem.option(candidate);
  const Wish& wish = problem.wishes[constraint.wishes[0]];
  const auto fit = [](bool good) { return good ? Fit::kYes : Fit::kNo; };
  switch (constraint.kind) {
    case ConstraintKind::kTorchVersion:
      return fit(problem.spec->torch.version.value.contains(option.torch));
    case ConstraintKind::kCudaVariant:
      return fit(is_cuda(option, wish.value));
    case ConstraintKind::kInclude:
      return check_include(constraint, problem, candidate);
    case ConstraintKind::kPart:
      return part_fit(*wish.part, candidate, option);
    case ConstraintKind::kPython:
      return fit(candidate.python == wish.value);
    case ConstraintKind::kBase:
      return fit(candidate.base->name == wish.value);
    case ConstraintKind::kPlatform:
      return check_platform(option, constraint.platform);
    case ConstraintKind::kGpuCode:
      return check_code(problem, constraint, option);
    case ConstraintKind::kGpuHost:
      return Fit::kNo;
    case ConstraintKind::kDriverFloor:
    case ConstraintKind::kPtxDriver:
      return with_forward(problem, constraint, option);
    case ConstraintKind::kGpuDriver:
      return own_fit(problem, constraint, option, problem.driver(constraint));
    case ConstraintKind::kCapability:
      return fit(needs_triton(*option.release, candidate.python));
    case ConstraintKind::kCutoff:
      return fit(option.release->date <= std::string_view(wish.value).substr(0, 10));
    case ConstraintKind::kCudaCompiler:
      return compiler_fit(*problem.knowledge, candidate, option);
    case ConstraintKind::kCompiledCode:
      return compiled_code_fit(option, *problem.gpus[constraint.gpu].match.architecture);
  }
  return Fit::kNo;
}

Fact why_not(const Problem& problem, const Constraint& constraint, const Candidate& candidate) {
  const BuildOption& option = problem.option(candidate);
  const Wish& wish = problem.wishes[constraint.wishes[0]];
  const std::string row = cite(option.build->evidence);
  switch (constraint.kind) {
    case ConstraintKind::kTorchVersion:
      return {"torch " + option.torch.text() + " is not in " + wish.value, row};
    case ConstraintKind::kCudaVariant:
      return {describe_build(option) + " is not for CUDA " + wish.value, row};
    case ConstraintKind::kInclude:
      return include_fact(problem, constraint, candidate);
    case ConstraintKind::kPart:
      return part_fact(*problem.knowledge, *wish.part, candidate, option);
    case ConstraintKind::kPython:
    case ConstraintKind::kBase:
      return {describe_python(candidate), cite(candidate.base->evidence)};
    case ConstraintKind::kPlatform:
      return {describe_build(option) + " has no wheel for " + constraint.platform, row};
    case ConstraintKind::kGpuCode:
      return code_fact(problem, constraint, option);
    case ConstraintKind::kGpuHost:
      return {describe_gpu(problem.gpus[constraint.gpu]) + " comes with an Arm CPU: its machines are linux/arm64",
              problem.gpus[constraint.gpu].match.models.empty()
                  ? ""
                  : cite(problem.gpus[constraint.gpu].match.models.front()->evidence)};
    case ConstraintKind::kDriverFloor:
      return both(driver_fact(problem, constraint, option), forward_fact(problem, constraint, option));
    case ConstraintKind::kGpuDriver:
      return gpu_driver_fact(problem, constraint);
    case ConstraintKind::kPtxDriver: {
      const auto* branch = problem.knowledge->branch(problem.driver(constraint));
      const std::string needs = describe_build(option) + " has only PTX for " +
                                describe_gpu(problem.gpus[constraint.gpu]) + ", which needs a driver for CUDA " +
                                option.cuda.text();
      const Fact own =
          branch == nullptr
              ? Fact{needs + "; what this driver reports is not known", row}
              : Fact{needs + "; " + std::string(branch->branch) + " reports " + std::string(branch->max_cuda),
                     cite(branch->evidence)};
      return both(own, forward_fact(problem, constraint, option));
    }
    case ConstraintKind::kCapability:
      return capability_fact(option, candidate);
    case ConstraintKind::kCutoff:
      return {"torch " + option.torch.text() + " was uploaded on " + std::string(option.release->date),
              cite(option.release->evidence)};
    case ConstraintKind::kCudaCompiler:
      return compiler_fact(*problem.knowledge, candidate, option);
    case ConstraintKind::kCompiledCode:
      return compiled_code_fact(option, problem.gpus[constraint.gpu]);
  }
  return {};
}

Fact both(Fact one, const Fact& other) {
  if (other.text.empty()) return one;
  one.text += "; " + other.text;
  if (!other.source.empty()) one.source += (one.source.empty() ? "" : "; ") + other.source;
  return one;
}

std::string describe_gpu(const PoolGpu& gpu) {
  const std::string capability = "compute capability " + gpu.match.cc;
  const bool is_model = !gpu.match.models.empty();
  return is_model ? gpu.name.value + " (" + capability + ")" : "a GPU of " + capability;
}

std::string describe_code(compat::Names names) {
  if (names.empty()) return "no GPU";
  if (names.size() > 3) return std::string(names.front()) + " to " + std::string(names.back());
  std::vector<std::string> parts(names.begin(), names.end());
  return support::join(parts, ", ");
}

std::string describe_python(const Candidate& candidate) {
  return (candidate.archive == nullptr ? std::string(candidate.base->name) : std::string("the site's archive")) +
         " has Python " + std::string(candidate.python);
}

std::string describe_build(const BuildOption& option) {
  return "torch " + option.torch.text() + " " + std::string(option.build->cuda_variant);
}

}  // namespace envforge::resolve
