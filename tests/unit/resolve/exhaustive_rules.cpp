// The rules of the second set, each about one choice: see small_world.hpp.
#include <algorithm>

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
  int unsure = 0;
  const bool vision = name == "torchvision";
  const auto& pythons = vision ? choice.release->torchvision_python : choice.release->torchaudio_python;
  if ((vision ? choice.release->torchvision : choice.release->torchaudio).empty()) return 2;
  if (!pythons.empty() && std::find(pythons.begin(), pythons.end(), choice.python.substr(0, 4)) == pythons.end())
    return 2;
  if (choice.python.back() == 't') {
    bool there = false;  // PyPI has that torch for it
    for (const auto& build : choice.release->builds) {
      const bool wheel =
          std::find(build.free_threaded.begin(), build.free_threaded.end(), choice.python) != build.free_threaded.end();
      for (const auto& row : build.platforms) there = there || (wheel && row.on_pypi);
    }
    if (!there) unsure = 1;
  }
  const auto& known = choice.release->torchaudio_cuda;
  if (vision || known.empty() || std::find(known.begin(), known.end(), choice.build->cuda) != known.end())
    return unsure;
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
  return choice.release->triton_python.empty() || Version::of(choice.python.substr(0, 4)) < Version::of("3.12") ? 0 : 2;
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

// What the amd64 wheel requires exactly, where a row says so.
int Exhaustive::other_wheel(const Choice& choice, const std::string& name, const versions::VersionRange& range) const {
  const auto& platforms = spec_.platforms;
  if (std::find(platforms.begin(), platforms.end(), "linux/amd64") == platforms.end()) return 0;
  for (const auto& pin : choice.build->pins) {
    if (pin.package == name && !range.contains(Version::of(pin.version))) return 2;
  }
  return 0;
}

// Whether one of markers() holds: 0 it does, 1 nobody can say, 2 it does not.
int Exhaustive::marked(const Choice& choice, const std::string& platform, const std::string& marker) const {
  const std::string number = choice.python.substr(0, 4);
  const auto python = Version::of(number);
  const bool arm = platform == "linux/arm64";
  const std::vector<int> answers = {python < Version::of("3.12") ? 0 : 2,
                                    python < Version::of("3.12") ? 2 : 0,
                                    arm || number == "3.10" ? 0 : 2,
                                    arm ? 2 : 0,
                                    2,
                                    1,
                                    number == "3.13" ? 1 : 2};
  const auto& all = markers();
  return answers.at(static_cast<std::size_t>(std::find(all.begin(), all.end(), marker) - all.begin()));
}

int Exhaustive::package(const Choice& choice, const std::string& requirement) const {
  if (const auto semicolon = requirement.find("; "); semicolon != std::string::npos) {
    int counts = 2;
    for (const auto& name : spec_.platforms)
      counts = std::min(counts, marked(choice, name, requirement.substr(semicolon + 2)));
    const int plain = package(choice, requirement.substr(0, semicolon));
    return counts == 0 ? plain : counts == 1 ? std::min(plain, 1) : 0;
  }
  const auto sign = requirement.find_first_of("=<>");
  const std::string name = requirement.substr(0, sign);
  const auto range =
      sign == std::string::npos ? versions::VersionRange() : *versions::VersionRange::parse(requirement.substr(sign));
  if (name == "torch") return range.contains(Version::of(choice.release->version)) ? 0 : 2;
  if (name == "triton") return library(choice, name, range, name);
  if (name == "nvidia-cufft-cu12" || name == "nvidia-curand-cu12") return other_wheel(choice, name, range);
  const auto part = name.substr(7);
  return library(choice, part.substr(0, part.find('-')), range, name);
}

int Exhaustive::cuda(const Choice& choice) const {
  const auto& wish = spec_.torch.cuda.value;
  return wish == "auto" || wish == choice.build->cuda || wish == choice.build->cuda_variant ? 0 : 2;
}

}  // namespace envforge::testing
