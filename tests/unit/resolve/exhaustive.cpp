// The second set of rules: see small_world.hpp.
#include <algorithm>
#include <tuple>

#include "small_world.hpp"

namespace envforge::testing {
namespace {

using compat::Architecture;
using compat::BuildPlatform;
using versions::Version;

// Machine code needs the same major and no higher minor; PTX serves all GPUs from its own on.
bool runs(std::string_view target, std::string_view cc) {
  const bool ptx = target.substr(0, 8) == "compute_";
  std::string digits(target.substr(ptx ? 8 : 3));
  const std::string whole = std::string(cc.substr(0, cc.size() - 2)) + cc.back();
  if (digits.back() == 'a') return digits == whole + "a";
  if (ptx) return std::stoi(digits) <= std::stoi(whole);
  if ((digits == "87") != (whole == "87")) return false;  // Tegra is apart
  return digits.substr(0, digits.size() - 1) == whole.substr(0, whole.size() - 1) && digits.back() <= whole.back();
}

bool any_runs(const compat::KnownList& list, std::string_view cc) {
  return std::any_of(list.names.begin(), list.names.end(), [&](std::string_view target) { return runs(target, cc); });
}

bool is_unsure(const compat::Evidence& evidence, std::string_view field) {
  return std::find(evidence.unverified.begin(), evidence.unverified.end(), field) != evidence.unverified.end();
}

}  // namespace

const compat::Gpu& Exhaustive::gpu(const std::string& name) const {
  return *std::find_if(tables_.gpus.begin(), tables_.gpus.end(), [&](const auto& row) { return row.name == name; });
}

const Architecture& Exhaustive::architecture(const std::string& gpu_name) const {
  const auto cc = gpu(gpu_name).cc;
  return *std::find_if(tables_.architectures.begin(), tables_.architectures.end(),
                       [&](const auto& row) { return row.cc == cc; });
}

const BuildPlatform* Exhaustive::platform(const Choice& choice, const std::string& name) const {
  for (const auto& row : choice.build->platforms) {
    if (row.platform == name) return &row;
  }
  return nullptr;
}

int Exhaustive::code(const Choice& choice, const std::string& name, const std::string& gpu_name) const {
  const BuildPlatform* row = platform(choice, name);
  if (row == nullptr) return 0;
  const Architecture& chip = architecture(gpu_name);
  const auto& unsure = chip.evidence.unverified;
  if (!chip.last_cuda.empty() && unsure.empty() && Version::of(choice.build->cuda) > Version::of(chip.last_cuda))
    return 2;
  for (const auto& floor : tables_.cudnn_floors) {
    if (choice.build->cudnn.empty() || is_unsure(choice.build->evidence, "cudnn")) continue;
    if (Version::of(choice.build->cudnn) >= Version::of(floor.from) && Version::of(chip.cc) < Version::of(floor.min_cc))
      return 2;
  }
  if (any_runs(row->sass, chip.cc) || any_runs(row->ptx, chip.cc)) return 0;
  if (row->sass.known && row->sass.verified) return 2;
  return (row->sass.known && before_its_time(*choice.build, chip)) || nowhere(chip) ? 2 : 1;
}

// No toolkit up to that of the build makes code which the GPU runs: of its own capability, or of a smaller one of the
// same major.
bool Exhaustive::before_its_time(const compat::Build& build, const Architecture& chip) const {
  bool possible = false;
  for (const auto& other : tables_.architectures) {
    const bool family = Version::of(other.cc).major() == Version::of(chip.cc).major() && other.tegra == chip.tegra &&
                        Version::of(other.cc) <= Version::of(chip.cc);
    const bool made = Version::of(build.cuda) >= Version::of(other.first_cuda);
    if (family && (made || is_unsure(other.evidence, "first_cuda"))) possible = true;
  }
  return !possible;
}

// A Tegra that no list of any wheel serves.
bool Exhaustive::nowhere(const Architecture& chip) const {
  bool served = !chip.tegra;
  for (const auto& release : tables_.releases) {
    for (const auto& build : release.builds) {
      for (const auto& row : build.platforms)
        served = served || any_runs(row.sass, chip.cc) || any_runs(row.ptx, chip.cc);
    }
  }
  return !served;
}

int Exhaustive::floor(const Choice& choice, const Version& driver) const {
  const Version toolkit = Version::of(choice.build->cuda);
  for (const auto& major : tables_.majors) {
    if (static_cast<unsigned>(major.major) == toolkit.major()) return driver < Version::of(major.driver_floor) ? 2 : 0;
  }
  for (const auto& row : tables_.toolkits) {
    if (Version::of(row.version) == toolkit) return driver < Version::of(row.bundled_driver) ? 2 : 0;
  }
  return 1;
}

// By NVIDIA's cuda-compat in the container: the model must be one that it covers, and the branch one that it is for.
int Exhaustive::carried(const Choice& choice, const Version& driver, const std::string& gpu_name) const {
  const auto covered = gpu(gpu_name).forward_compat;
  if (covered == false) return 2;
  const std::string branch = "R" + std::to_string(driver.major());
  const auto known = [&](const auto& row) { return row.branch == branch; };
  for (const auto& row : tables_.forward_compat) {
    if (row.cuda != choice.build->cuda || std::none_of(tables_.branches.begin(), tables_.branches.end(), known))
      continue;
    if (std::find(row.branches.begin(), row.branches.end(), branch) == row.branches.end()) return 2;
    return covered ? 0 : 1;
  }
  return 1;
}

int Exhaustive::supported(const Version& driver, const std::string& gpu_name) const {
  const auto last = architecture(gpu_name).last_driver_branch;
  const std::string branch = "R" + std::to_string(driver.major());
  if (!last.empty() && branch > last) return 2;
  bool listed = false, any = false;  // by this branch or an older one; by any
  for (const auto& model : tables_.gpus) {
    for (const auto& row : model.first_listed) {
      if (model.cc != gpu(gpu_name).cc) continue;
      any = true;
      listed = listed || row.branch <= branch;
    }
  }
  for (const auto& row : tables_.branches) {
    if (row.branch != branch) continue;
    const auto& kind = architecture(gpu_name);
    const bool sure = !kind.evidence.is_unverified("first_cuda");
    const bool too_old = !any && sure && Version::of(row.max_cuda) < Version::of(kind.first_cuda);
    return (listed || !any) && !too_old ? 0 : 1;
  }
  return 1;
}

int Exhaustive::from_ptx(const Choice& choice, const Version& driver, const std::string& gpu_name) const {
  const auto cc = architecture(gpu_name).cc;
  const bool needed = std::any_of(spec_.platforms.begin(), spec_.platforms.end(), [&](const std::string& name) {
    const BuildPlatform* row = platform(choice, name);
    return row != nullptr && !any_runs(row->sass, cc) && any_runs(row->ptx, cc) && row->ptx.verified;
  });
  if (!needed) return 0;
  for (const auto& branch : tables_.branches) {
    if (branch.branch == "R" + std::to_string(driver.major()))
      return Version::of(branch.max_cuda) < Version::of(choice.build->cuda) ? 2 : 0;
  }
  return 1;
}

int Exhaustive::part(const Choice& choice, const std::string& name) const {
  const bool vision = name == "torchvision";
  const auto& pythons = vision ? choice.release->torchvision_python : choice.release->torchaudio_python;
  if ((vision ? choice.release->torchvision : choice.release->torchaudio).empty()) return 2;
  if (!pythons.empty() && std::find(pythons.begin(), pythons.end(), choice.base->python) == pythons.end()) return 2;
  const auto& known = choice.release->torchaudio_cuda;
  if (vision || known.empty() || std::find(known.begin(), known.end(), choice.build->cuda) != known.end()) return 0;
  for (const auto& row : choice.build->platforms) {
    if (row.on_pypi) return 2;
  }
  for (const auto& release : tables_.releases) {
    if (release.version != choice.release->torchaudio) continue;
    for (const auto& build : release.builds) {
      if (build.cuda == choice.build->cuda) return 1;
    }
    return 2;
  }
  return 1;
}

int Exhaustive::triton(const Choice& choice) const {
  if (choice.release->triton.empty()) return 2;
  return choice.release->triton_python.empty() || Version::of(choice.base->python) < Version::of("3.12") ? 0 : 2;
}

// An nvcc in wheels, and a g++ of the base that it takes.
int Exhaustive::compiler(const Choice& choice) const {
  const Version toolkit = Version::of(choice.build->cuda);
  int nvcc = 1, host = 1;
  for (const auto& row : tables_.compilers) {
    if (static_cast<unsigned>(row.major) == toolkit.major())
      nvcc = !row.wheels.empty() ? 0 : row.evidence.unverified.empty() ? 2 : 1;
  }
  for (const auto& row : tables_.toolkits) {
    if (Version::of(row.version) != toolkit || row.host_gcc_max.empty() || choice.base->gcc.empty()) continue;
    const bool sure = row.evidence.unverified.empty() && choice.base->evidence.unverified.empty();
    const bool takes = std::stoi(std::string(choice.base->gcc)) <= std::stoi(std::string(row.host_gcc_max));
    host = takes ? 0 : sure ? 2 : 1;
  }
  return std::max(nvcc, host);
}

int Exhaustive::compiled(const Choice& choice, const std::string& gpu_name) const {
  const Architecture& chip = architecture(gpu_name);
  const Version toolkit = Version::of(choice.build->cuda);
  const bool early = toolkit < Version::of(chip.first_cuda);
  const bool late = !chip.last_cuda.empty() && Version::of(chip.last_cuda) < toolkit;
  return !early && !late ? 0 : chip.evidence.unverified.empty() ? 2 : 1;
}

// packages.build, where it is about machine code.
int Exhaustive::compiled_packages(const Choice& choice) const {
  int worst = 0;
  for (const auto& build : spec_.build) {
    if (build.pools && build.pools->empty()) continue;
    worst = std::max(worst, compiler(choice));
    for (const auto& pool : spec_.pools) {
      if (build.pools && std::count(build.pools->begin(), build.pools->end(), pool.name) == 0) continue;
      for (const auto& wanted : pool.gpus) worst = std::max(worst, compiled(choice, wanted.value));
    }
  }
  return worst;
}

// A library of a build, as `torch` or as a package asks for it; "" of `package`: as `torch` does.
int Exhaustive::library(const Choice& choice, const std::string& name, const versions::VersionRange& range,
                        const std::string& package) const {
  const bool triton_here = triton(choice) == 0;
  if (name == "triton" && !triton_here) return package.empty() ? 2 : 0;
  if (!package.empty() && name != "triton") {
    const std::string suffix = "-cu" + std::to_string(Version::of(choice.build->cuda).major());
    const bool other =
        package.size() < suffix.size() || package.compare(package.size() - suffix.size(), suffix.size(), suffix) != 0;
    if (name == "cublas" && (other != (package == "nvidia-cublas" && suffix == "-cu13"))) return 0;
    if (other && name != "cublas") return 2;
    if (choice.build->bundled) return 0;
  }
  const auto version = name == "cudnn"    ? choice.build->cudnn
                       : name == "nccl"   ? choice.build->nccl
                       : name == "cublas" ? choice.build->cublas
                                          : choice.release->triton;
  if (range.is_any()) return 0;
  if (version.empty()) return 1;
  if (range.contains(Version::of(version))) return 0;
  return is_unsure(name == "triton" ? choice.release->evidence : choice.build->evidence, name) ? 1 : 2;
}

int Exhaustive::package(const Choice& choice, const std::string& requirement) const {
  const auto sign = requirement.find_first_of("=<>");
  const std::string name = requirement.substr(0, sign);
  const auto range =
      sign == std::string::npos ? versions::VersionRange() : *versions::VersionRange::parse(requirement.substr(sign));
  if (name == "torch") return range.contains(Version::of(choice.release->version)) ? 0 : 2;
  if (name == "triton") return library(choice, name, range, name);
  const auto part = name.substr(7);
  return library(choice, part.substr(0, part.find('-')), range, name);
}

int Exhaustive::cuda(const Choice& choice) const {
  const auto& wish = spec_.torch.cuda.value;
  return wish == "auto" || wish == choice.build->cuda || wish == choice.build->cuda_variant ? 0 : 2;
}

bool Exhaustive::exists(const Choice& choice) const {
  const auto& wheels = choice.build->python;
  if (std::find(wheels.begin(), wheels.end(), choice.base->python) == wheels.end()) return false;
  return std::all_of(spec_.platforms.begin(), spec_.platforms.end(), [&](const std::string& name) {
    const BuildPlatform* row = platform(choice, name);
    return row == nullptr || Version::of(row->min_glibc) <= Version::of(choice.base->glibc);
  });
}

std::vector<Exhaustive::Choice> Exhaustive::choices() const {
  std::vector<Choice> all;
  for (const auto& release : tables_.releases) {
    for (const auto& build : release.builds) {
      for (const auto& base : tables_.bases) {
        if (const Choice choice{&release, &build, &base}; exists(choice)) all.push_back(choice);
      }
    }
  }
  return all;
}

int Exhaustive::everything(const Choice& choice) const {
  int worst = cuda(choice);
  const auto need = [&](int fit) { worst = std::max(worst, fit); };
  need(choice.base->name == spec_.base.value ? 0 : 2);
  if (spec_.python.value != "auto") need(choice.base->python == spec_.python.value ? 0 : 2);
  need(spec_.torch.version.value.contains(Version::of(choice.release->version)) ? 0 : 2);
  for (const auto& include : spec_.torch.include) need(part(choice, include.value));
  for (const auto& wish : spec_.torch.libraries) need(library(choice, wish.name, wish.version.value, ""));
  for (const auto& entry : spec_.pip) need(package(choice, entry.value));
  if (!spec_.capabilities.empty()) need(triton(choice));
  if (spec_.variant.value == "devel") need(compiler(choice));
  need(compiled_packages(choice));
  if (!spec_.exclude_newer.empty()) need(choice.release->date <= spec_.exclude_newer.substr(0, 10) ? 0 : 2);
  for (const auto& name : spec_.platforms) {
    const BuildPlatform* row = platform(choice, name);
    need(row == nullptr ? 2 : row->verified ? 0 : 1);
  }
  for (const auto& pool : spec_.pools) {
    for (const auto& wanted : pool.gpus) {
      bool host = false;
      for (const auto& name : spec_.platforms) {
        if (arm_only(wanted.value) && name != "linux/arm64") continue;
        host = true;
        need(code(choice, name, wanted.value));
      }
      if (!host) need(2);
      if (!pool.driver) continue;
      const int carry = pool.forward_compat ? carried(choice, pool.driver->value, wanted.value) : 2;
      need(std::min(carry, floor(choice, pool.driver->value)));
      need(supported(pool.driver->value, wanted.value));
      need(std::min(carry, from_ptx(choice, pool.driver->value, wanted.value)));
    }
  }
  return worst == 1 && spec_.torch.cuda.value == "auto" ? 2 : worst;
}

std::string Exhaustive::answer() const {
  std::vector<std::tuple<int, Version, int, Version, std::string>> fitting;
  for (const Choice& choice : choices()) {
    const int doubt = everything(choice);
    if (doubt == 2) continue;
    int pypi = 0;
    for (const auto& name : spec_.platforms) pypi += platform(choice, name)->on_pypi ? 1 : 0;
    fitting.emplace_back(-doubt, Version::of(choice.release->version), pypi, Version::of(choice.build->cuda),
                         std::string(choice.release->version) + " " + std::string(choice.build->cuda_variant) + " " +
                             std::string(choice.base->name));
  }
  return fitting.empty() ? "conflict" : std::get<4>(*std::max_element(fitting.begin(), fitting.end()));
}

bool Exhaustive::is_certain() const {
  const auto all = choices();
  return std::any_of(all.begin(), all.end(), [&](const Choice& choice) { return everything(choice) == 0; });
}

int Exhaustive::one(const resolve::Problem& problem, const resolve::Constraint& constraint,
                    const Choice& choice) const {
  using resolve::ConstraintKind;
  const std::string& wish = problem.wishes[constraint.wishes[0]].value;
  const std::string gpu_name = constraint.pool && !problem.gpus.empty() ? problem.gpus[constraint.gpu].name.value : "";
  const auto carry = [&] {
    const bool stated = spec_.pools[*constraint.pool].forward_compat;
    return stated ? carried(choice, problem.driver(constraint), gpu_name) : 2;
  };
  switch (constraint.kind) {
    case ConstraintKind::kTorchVersion:
      return spec_.torch.version.value.contains(Version::of(choice.release->version)) ? 0 : 2;
    case ConstraintKind::kCudaVariant:
      return cuda(choice);
    case ConstraintKind::kInclude:
      return part(choice, wish);
    case ConstraintKind::kPart: {
      for (const auto& entry : spec_.pip) {
        if (entry.value == wish) return package(choice, wish);
      }
      const auto& asked = *problem.wishes[constraint.wishes[0]].part;
      return library(choice, asked.part, asked.range, "");
    }
    case ConstraintKind::kPython:
      return choice.base->python == wish ? 0 : 2;
    case ConstraintKind::kBase:
      return choice.base->name == wish ? 0 : 2;
    case ConstraintKind::kPlatform: {
      const BuildPlatform* row = platform(choice, wish);
      return row == nullptr ? 2 : row->verified ? 0 : 1;
    }
    case ConstraintKind::kGpuCode:
      return code(choice, constraint.platform, gpu_name);
    case ConstraintKind::kGpuHost:
      return 2;
    case ConstraintKind::kDriverFloor:
      return std::min(carry(), floor(choice, problem.driver(constraint)));
    case ConstraintKind::kGpuDriver:
      return supported(problem.driver(constraint), gpu_name);
    case ConstraintKind::kPtxDriver:
      return std::min(carry(), from_ptx(choice, problem.driver(constraint), gpu_name));
    case ConstraintKind::kCapability:
      return triton(choice);
    case ConstraintKind::kCutoff:
      return choice.release->date <= wish.substr(0, 10) ? 0 : 2;
    case ConstraintKind::kCudaCompiler:
      return compiler(choice);
    case ConstraintKind::kCompiledCode:
      return compiled(choice, gpu_name);
  }
  return 2;
}

int Exhaustive::judge(const resolve::Problem& problem, const resolve::Constraint& constraint,
                      const resolve::Candidate& candidate) const {
  const resolve::BuildOption& option = problem.option(candidate);
  return one(problem, constraint, {option.release, option.build, candidate.base});
}

bool Exhaustive::solvable(const resolve::Problem& problem, const std::vector<std::size_t>& constraints) const {
  const int most = spec_.torch.cuda.value == "auto" ? 0 : 1;
  const auto all = choices();
  return std::any_of(all.begin(), all.end(), [&](const Choice& choice) {
    return std::all_of(constraints.begin(), constraints.end(),
                       [&](std::size_t i) { return one(problem, problem.constraints[i], choice) <= most; });
  });
}

}  // namespace envforge::testing
