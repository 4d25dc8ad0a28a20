#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <envforge/compat/machine_code.hpp>
#include <envforge/versions/version_range.hpp>

#include "answer.hpp"
#include "part_rules.hpp"

namespace envforge::resolve {
namespace {

using compat::Build;
using compat::BuildPlatform;
using compat::cite;
using compat::Release;
using documents::Choice;
using versions::Version;

const Wish* wish_of(const Problem& problem, WishKind kind) {
  const auto wish =
      std::find_if(problem.wishes.begin(), problem.wishes.end(), [&](const Wish& w) { return w.kind == kind; });
  return wish == problem.wishes.end() ? nullptr : &*wish;
}

// The fact against the nearest of the candidates that `meant` picks. `by` gets its constraint.
std::optional<Fact> fact_against(const Problem& problem, const Search& search,
                                 const std::function<bool(const Candidate&)>& meant, const Constraint** by = nullptr) {
  const auto candidate = search.nearest(meant);
  const auto constraint = candidate ? search.against(*candidate) : std::nullopt;
  if (!constraint) return std::nullopt;
  if (by != nullptr) *by = &problem.constraints[*constraint];
  return why_not(problem, problem.constraints[*constraint], *candidate);
}

// A line of the recipe's packages that names torch or what goes with one torch only; nullptr = another constraint.
const Wish* torch_line(const Problem& problem, const Constraint* constraint) {
  if (constraint == nullptr || constraint->kind != ConstraintKind::kPart) return nullptr;
  const Wish& wish = problem.wishes[constraint->wishes[0]];
  const std::string& part = wish.part->part;
  const bool of_torch = part == "torch" || part == "torchvision" || part == "torchaudio";
  return wish.kind == WishKind::kPackage && of_torch ? &wish : nullptr;
}

// "sm_90", "sm_80 for sm_86", "compute_120 (PTX) for sm_121", "not known for sm_120": never what nobody knows it has.
std::string code_for(const compat::Knowledge& knowledge, const BuildPlatform& platform,
                     const compat::Architecture& gpu) {
  const std::string own = compat::sm_name(gpu.cc);
  std::string code(serving_code(platform.sass, gpu, knowledge));
  bool verified = platform.sass.verified;
  if (code == own && verified) return own;
  if (code.empty()) {
    code = serving_code(platform.ptx, gpu, knowledge);
    if (code.empty()) return "not known for " + own;
    verified = platform.ptx.verified;
    code += " (PTX)";
  }
  return code + (verified ? "" : " (not verified)") + (code == own ? "" : " for " + own);
}

class SolutionMaker {
 public:
  SolutionMaker(const Problem& problem, const Search& search, const Candidate& chosen,
                const std::optional<OldChoice>& old)
      : problem_(problem),
        search_(search),
        chosen_(chosen),
        option_(problem.option(chosen)),
        base_(*chosen.base),
        old_(old) {}

  PlatformSolution make(const std::string& name) const;

 private:
  Choice torch_choice() const;
  Choice cuda_choice(const BuildPlatform& platform) const;
  Choice python_choice(const PlatformSolution& out) const;
  Choice nvcc_choice() const;
  void add_forward(PlatformSolution& out) const;
  void add_libraries(PlatformSolution& out) const;
  void add_pins(PlatformSolution& out) const;
  void add_architectures(PlatformSolution& out, const BuildPlatform& platform) const;
  bool has_triton() const;
  bool includes(const std::string& part) const;

  const Problem& problem_;
  const Search& search_;
  const Candidate& chosen_;
  const BuildOption& option_;
  const compat::Base& base_;
  const std::optional<OldChoice>& old_;
};

Choice SolutionMaker::torch_choice() const {
  const Release& release = *option_.release;
  Choice choice{"torch", std::string(release.version), "", cite(release.evidence)};
  const auto& range = problem_.spec->torch.version.value;
  if (old_ && old_->torch == release.version) {
    choice.reason = "kept from the lock";
    return choice;
  }
  const Constraint* by = nullptr;
  const Version* next = nullptr;  // the next newer one: the newest may have other troubles besides
  const auto is_newer = [&](const Candidate& other) {
    const Version& torch = problem_.option(other).torch;
    return torch > option_.torch && range.contains(torch) && other.base == &base_ && other.archive == chosen_.archive;
  };
  for (const Candidate& other : problem_.candidates) {
    const Version& torch = problem_.option(other).torch;
    if (is_newer(other) && (next == nullptr || torch < *next)) next = &torch;
  }
  const auto newer = fact_against(
      problem_, search_,
      [&](const Candidate& other) {
        return next != nullptr && problem_.option(other).torch == *next && is_newer(other);
      },
      &by);
  if (const Wish* line = torch_line(problem_, by)) {
    const std::string where = to_string(line->where);
    choice.reason = "the newest that '" + line->value + "'" + (where.empty() ? "" : " (" + where + ")") + " allows";
  } else if (newer) {
    choice.reason = "the newest that fits; " + next->text() + " does not: " + newer->text;
    choice.source = newer->source;
  } else {
    choice.reason = range.is_any() ? "the newest that the data knows and the base has a Python for"
                                   : "the newest that '" + range.text() + "' allows";
  }
  return choice;
}

Choice SolutionMaker::cuda_choice(const BuildPlatform& platform) const {
  Choice choice{"cuda", std::string(option_.build->cuda), "", cite(option_.build->evidence)};
  if (const Wish* wish = wish_of(problem_, WishKind::kCuda)) {
    choice.reason = "asked for as '" + wish->value + "'";
  } else if (old_ && old_->torch == option_.release->version && old_->cuda_variant == option_.build->cuda_variant) {
    choice.reason = "kept from the lock";
  } else if (platform.on_pypi) {
    choice.reason = "the build that PyPI serves";
  } else {
    const auto pypi = fact_against(problem_, search_, [&](const Candidate& other) {
      const BuildOption& option = problem_.option(other);
      const auto* row = platform_of(*option.build, platform.platform);
      return option.release == option_.release && other.base == &base_ && other.archive == chosen_.archive &&
             row != nullptr && row->on_pypi;
    });
    choice.reason =
        pypi ? "the newest build that fits; PyPI's does not: " + pypi->text
             : "the newest build that fits; PyPI serves no CUDA build of it for " + std::string(platform.platform);
    if (pypi) choice.source = pypi->source;
  }
  return choice;
}

Choice SolutionMaker::python_choice(const PlatformSolution& out) const {
  const Wish* wish = wish_of(problem_, WishKind::kPython);
  const std::string base(base_.name);
  if (out.python_archive) {
    return {"python", out.python,
            (wish != nullptr ? "asked for; " : "nothing fits the one of the base; ") + base + " has " +
                std::string(base_.python) + ", so CPython " + out.python_archive->version + " of the site's archives",
            cite(base_.evidence)};
  }
  return {"python", std::string(base_.python),
          wish != nullptr ? "asked for, and the one of " + base : "the one of " + base, cite(base_.evidence)};
}

Choice SolutionMaker::nvcc_choice() const {
  const auto* wheels = problem_.knowledge->compiler(option_.cuda);
  const std::string gcc = base_.gcc.empty() ? "whose g++ is not known"
                                            : "which has g++ " + std::string(base_.gcc) +
                                                  (base_.evidence.is_unverified("gcc") ? " (not verified)" : "");
  return {"nvcc", option_.cuda.text(), "variant devel: of NVIDIA's wheels, on " + std::string(base_.name) + ", " + gcc,
          wheels == nullptr ? "" : cite(wheels->evidence)};
}

bool SolutionMaker::has_triton() const {
  return needs_triton(*option_.release, chosen_.python);
}

bool SolutionMaker::includes(const std::string& part) const {
  const auto& include = problem_.spec->torch.include;
  return std::any_of(include.begin(), include.end(), [&](const auto& item) { return item.value == part; });
}

void SolutionMaker::add_libraries(PlatformSolution& out) const {
  const Build& build = *option_.build;
  const Release& release = *option_.release;
  out.cudnn = build.cudnn;
  out.nccl = build.nccl;
  out.cublas = build.cublas;
  if (has_triton()) out.triton = release.triton;
  if (includes("torchvision")) out.torchvision = release.torchvision;
  if (includes("torchaudio")) out.torchaudio = release.torchaudio;
  const auto add = [&](const std::string& component, const std::string& version, std::string reason,
                       const auto& evidence) {
    if (version.empty()) return;
    if (evidence.is_unverified(component)) reason += " (not verified)";
    for (const auto& library : problem_.spec->torch.libraries) {
      if (library.name == component) reason = "asked for as '" + library.version.value.text() + "', and " + reason;
    }
    out.choices.push_back({component, version, std::move(reason), cite(evidence, component)});
  };
  const std::string how = (build.bundled ? "inside the wheel of " : "required by ") + describe_build(option_);
  add("cudnn", out.cudnn, how, build.evidence);
  add("nccl", out.nccl, how, build.evidence);
  add("cublas", out.cublas, how, build.evidence);
  add("triton", out.triton, "required by torch " + out.torch, release.evidence);
  add("torchvision", out.torchvision, "made for torch " + out.torch, release.evidence);
  add("torchaudio", out.torchaudio,
      release.torchaudio_cuda.empty() ? "made for torch " + out.torch
                                      : "made for an older torch, by its stable ABI; works with torch " + out.torch,
      release.evidence);
}

void SolutionMaker::add_pins(PlatformSolution& out) const {
  out.pins.push_back({"torch", out.torch, out.torch_index});
  if (!out.torchvision.empty()) out.pins.push_back({"torchvision", out.torchvision, out.torch_index});
  if (!out.torchaudio.empty()) out.pins.push_back({"torchaudio", out.torchaudio, out.torch_index});
  // The rows hold the requirements of the amd64 wheel. cuda-toolkit is a package without files that only PyPI is known
  // to have.
  if (out.torch_index.empty() || out.platform != "linux/amd64") return;
  for (const auto& pin : option_.build->pins) {
    if (pin.package == "triton" && !has_triton()) continue;
    const bool pypi = pin.package == "cuda-toolkit";
    out.pins.push_back({std::string(pin.package), std::string(pin.version), pypi ? "" : out.torch_index});
  }
}

// The container runtime must let the image start on the older branches too.
void SolutionMaker::add_forward(PlatformSolution& out) const {
  for (const ForwardUse& use : forward_uses(problem_, chosen_)) {
    const documents::Pool& pool = problem_.spec->pools[use.pool];
    const unsigned major = pool.driver->value.major();
    const std::string branch = "R" + std::to_string(major);
    const std::string start = " driver>=" + std::to_string(major) + ",driver<" + std::to_string(major + 1);
    const auto* row = problem_.knowledge->forward_compat(option_.cuda);
    out.choices.push_back({"forward-compat", forward_package(option_.cuda),
                           "carries CUDA " + out.cuda + " on the driver branch " + branch + " of pool '" + pool.name +
                               "' (forward compatibility" + (use.certain ? ")" : ", not known to cover it)"),
                           row == nullptr ? "" : cite(row->evidence)});
    if (use.below_floor && out.require_cuda.find(start) == std::string::npos) out.require_cuda += start;
  }
}

void SolutionMaker::add_architectures(PlatformSolution& out, const BuildPlatform& platform) const {
  using Architectures = std::set<std::pair<Version, std::string>>;
  Architectures all;
  std::map<Version, std::string> code;
  std::map<std::string, Architectures> of_pool;
  for (const PoolGpu& gpu : problem_.gpus) {
    if (gpu.arm_host && out.platform != "linux/arm64") continue;
    const std::pair architecture(Version::of(gpu.match.cc), compat::sm_name(gpu.match.cc));
    all.insert(architecture);
    code[architecture.first] = code_for(*problem_.knowledge, platform, *gpu.match.architecture);
    of_pool[problem_.spec->pools[gpu.pool].name].insert(architecture);
  }
  const auto names = [](const Architectures& from, std::vector<std::string>& into) {
    for (const auto& [cc, sm] : from) into.push_back(sm);
  };
  names(all, out.gpu_architectures);
  for (const auto& [cc, text] : code) out.gpu_code.push_back(text);
  for (const auto& [pool, part] : of_pool) names(part, out.architectures_of_pool[pool]);
}

PlatformSolution SolutionMaker::make(const std::string& name) const {
  const Build& build = *option_.build;
  const BuildPlatform& platform = *platform_of(build, name);
  const auto major = std::to_string(option_.cuda.major());
  PlatformSolution out;
  out.platform = name;
  out.torch = option_.release->version;
  out.cuda_variant = build.cuda_variant;
  out.cuda = build.cuda;
  out.python = chosen_.python;
  if (chosen_.archive != nullptr) out.python_archive = *archive_for(*chosen_.archive, name, base_);
  out.torch_index = problem_.knowledge->index_url(build, platform);
  out.glibc = base_.glibc;
  out.require_cuda = "cuda>=" + major + ".0";
  out.cxx11_abi = build.cxx11_abi;
  out.cxx_standard = build.cxx_standard;
  add_architectures(out, platform);
  out.choices = {torch_choice(), cuda_choice(platform), python_choice(out)};
  add_libraries(out);
  if (documents::is_devel(*problem_.spec)) out.choices.push_back(nvcc_choice());
  if (const auto* row = problem_.knowledge->cuda_major(option_.cuda)) {
    out.choices.push_back({"driver-floor", std::string(row->driver_floor),
                           "the lowest driver for every CUDA " + major + ".x (minor-version compatibility)",
                           cite(row->evidence)});
  }
  add_forward(out);
  add_pins(out);
  return out;
}

}  // namespace

Solution make_solution(const Problem& problem, const Search& search, const Candidate& candidate,
                       const std::optional<OldChoice>& old) {
  Solution solution;
  solution.base = candidate.base->name;
  solution.suite = candidate.base->suite;
  const SolutionMaker maker(problem, search, candidate, old);
  for (const std::string& platform : problem.spec->platforms) solution.platforms.push_back(maker.make(platform));
  solution.doubtful = search.against(candidate).has_value();
  if (!forward_uses(problem, candidate).empty())
    solution.compat_package = forward_package(problem.option(candidate).cuda);
  solution.warnings = make_warnings(problem, candidate);
  solution.data_digest = problem.knowledge->digest();
  solution.data_as_of = problem.knowledge->as_of();
  return solution;
}

}  // namespace envforge::resolve
