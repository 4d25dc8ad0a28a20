// The second set of rules puts together what its rules say: see small_world.hpp.
#include <algorithm>
#include <tuple>

#include "small_world.hpp"

namespace envforge::testing {

using compat::BuildPlatform;
using versions::Version;

bool Exhaustive::exists(const Choice& choice) const {
  const bool free = choice.python.back() == 't';
  const auto& wheels = free ? choice.build->free_threaded : choice.build->python;
  if (std::find(wheels.begin(), wheels.end(), choice.python) == wheels.end()) return false;
  if (free && spec_.python.value != choice.python) return false;
  if (!choice.own && !has_archives(choice)) return false;
  return std::all_of(spec_.platforms.begin(), spec_.platforms.end(), [&](const std::string& name) {
    const BuildPlatform* row = platform(choice, name);
    return row == nullptr || Version::of(row->min_glibc) <= Version::of(choice.base->glibc);
  });
}

// For each platform one that the base's C library runs.
bool Exhaustive::has_archives(const Choice& choice) const {
  return std::all_of(spec_.platforms.begin(), spec_.platforms.end(), [&](const std::string& platform) {
    return std::any_of(pythons_.begin(), pythons_.end(), [&](const documents::PythonArchive& archive) {
      const std::string series = archive.version.substr(0, 4) + (archive.version.back() == 't' ? "t" : "");
      return series == choice.python && archive.platform == platform &&
             Version::of(archive.glibc) <= Version::of(choice.base->glibc);
    });
  });
}

std::vector<Exhaustive::Choice> Exhaustive::choices() const {
  std::vector<Choice> all;
  for (const auto& release : tables_.releases) {
    for (const auto& build : release.builds) {
      for (const auto& base : tables_.bases) {
        for (const char* python : {"3.10", "3.11", "3.12", "3.13", "3.14", "3.13t", "3.14t"}) {
          if (const Choice choice{&release, &build, &base, python, base.python == python}; exists(choice))
            all.push_back(choice);
        }
      }
    }
  }
  return all;
}

int Exhaustive::everything(const Choice& choice) const {
  int worst = cuda(choice);
  const auto need = [&](int fit) { worst = std::max(worst, fit); };
  need(choice.base->name == spec_.base.value ? 0 : 2);
  if (spec_.python.value != "auto") need(choice.python == spec_.python.value ? 0 : 2);
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
  std::vector<std::tuple<int, bool, Version, int, Version, std::string>> fitting;
  for (const Choice& choice : choices()) {
    const int doubt = everything(choice);
    if (doubt == 2) continue;
    int pypi = 0;
    for (const auto& name : spec_.platforms) pypi += platform(choice, name)->on_pypi ? 1 : 0;
    fitting.emplace_back(-doubt, choice.own, Version::of(choice.release->version), pypi,
                         Version::of(choice.build->cuda),
                         std::string(choice.release->version) + " " + std::string(choice.build->cuda_variant) + " " +
                             std::string(choice.base->name) + " " + choice.python);
  }
  return fitting.empty() ? "conflict" : std::get<5>(*std::max_element(fitting.begin(), fitting.end()));
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
      return choice.python == wish ? 0 : 2;
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
  return one(
      problem, constraint,
      {option.release, option.build, candidate.base, std::string(candidate.python), candidate.archive == nullptr});
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
