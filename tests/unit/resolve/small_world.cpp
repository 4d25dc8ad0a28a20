#include "small_world.hpp"

#include <algorithm>
#include <tuple>

namespace envforge::testing {
namespace {

using compat::Architecture;
using compat::Base;
using compat::BuildPlatform;
using compat::Release;
using versions::Version;
using versions::VersionRange;
using Words = std::vector<std::string>;

const Words kCudas = {"13.0", "12.8", "12.4", "11.8"};
const Words kPythons = {"3.10", "3.11", "3.12", "3.13"};

// What the views of the tables point into.
struct Storage {
  std::deque<std::string> texts;
  std::deque<std::vector<std::string_view>> names;
  std::deque<std::vector<BuildPlatform>> platforms;
  std::deque<std::vector<compat::Build>> builds;
  std::vector<Release> releases;
  std::vector<compat::CudaMajor> majors;
  std::vector<compat::Toolkit> toolkits;
  std::vector<Architecture> architectures;
  std::vector<compat::DriverBranch> branches;
  std::vector<compat::Gpu> gpus;
  std::vector<compat::CudnnFloor> floors;
  std::vector<Base> bases;
};

class WorldMaker {
 public:
  explicit WorldMaker(unsigned seed) : dice_(seed) {}

  compat::Knowledge make() {
    add_hardware();
    add_drivers();
    for (int minor = 9; minor >= 5; --minor) {
      if (dice_.chance(60) || (minor == 5 && store_->releases.empty())) add_release(minor);
    }
    for (const auto& [name, glibc, python] :
         {std::tuple("debian:12", "2.36", "3.11"), std::tuple("debian:13", "2.41", "3.13"),
          std::tuple("ubuntu:22.04", "2.35", "3.10"), std::tuple("ubuntu:24.04", "2.39", "3.12")}) {
      if (dice_.chance(85)) store_->bases.push_back({name, "suite", glibc, python, evidence("base")});
    }
    if (store_->bases.empty()) store_->bases.push_back({"debian:12", "suite", "2.36", "3.11", evidence("base")});
    Storage& s = *store_;
    compat::Tables tables{"2026-01-01",    "sha256:0", "https://index/", s.releases, s.majors, s.toolkits, {},
                          s.architectures, s.branches, s.gpus,           s.floors,   s.bases,  {},         {}};
    return compat::Knowledge(tables, store_);
  }

 private:
  std::string_view keep(std::string text) { return store_->texts.emplace_back(std::move(text)); }
  compat::Names keep(const Words& words) {
    auto& kept = store_->names.emplace_back();
    for (const auto& word : words) kept.push_back(keep(word));
    return kept;
  }
  compat::Evidence evidence(std::string row, const Words& unverified = {}) {
    static constexpr compat::SourceText kSource[] = {{"a table", "", "2026-01-01"}};
    return {"compat/small.json", keep(std::move(row)), kSource, keep(unverified)};
  }

  void add_hardware() {
    const auto add = [&](const char* cc, const char* name, const char* last_cuda, const char* last_branch) {
      store_->architectures.push_back({cc, name, "8.0", last_cuda, false, last_branch,
                                       evidence(cc, dice_.chance(20) ? Words{"last_cuda"} : Words{})});
    };
    add("6.0", "Pascal", "12.9", "R580");
    add("7.0", "Volta", "12.9", "R580");
    for (const char* cc : {"7.5", "8.0", "8.6", "9.0", "12.0"}) add(cc, "Newer", "", "");
    for (const auto& [name, kind, cc] :
         {std::tuple("P100", "datacenter", "6.0"), std::tuple("V100", "datacenter", "7.0"),
          std::tuple("T4", "datacenter", "7.5"), std::tuple("A100", "datacenter", "8.0"),
          std::tuple("A10", "datacenter", "8.6"), std::tuple("H100", "datacenter", "9.0"),
          std::tuple("GH200", "superchip", "9.0"), std::tuple("RTX 5090", "geforce", "12.0")}) {
      store_->gpus.push_back({name, kind, cc, {}, {}, dice_.chance(50), evidence(name)});
    }
    if (dice_.chance(80)) store_->floors.push_back({"9.11", "7.5", "no code below 7.5", evidence("cudnn")});
  }

  void add_drivers() {
    store_->majors.push_back({11, "450.80.02", evidence("CUDA 11")});
    store_->majors.push_back({12, "525.60.13", evidence("CUDA 12")});
    if (dice_.chance(70)) {
      store_->majors.push_back({13, "580.65.06", evidence("CUDA 13")});
    } else if (dice_.chance(50)) {
      store_->toolkits.push_back({"13.0", "580.65.06", evidence("toolkit")});
    }
    for (const auto& [branch, cuda] : {std::pair("R590", "13.1"), std::pair("R580", "13.0"), std::pair("R570", "12.8"),
                                       std::pair("R535", "12.2"), std::pair("R470", "11.4")}) {
      if (dice_.chance(85))
        store_->branches.push_back(
            {branch, cuda, dice_.chance(50) ? keep(Words{"13.0"}) : compat::Names{}, evidence(branch)});
    }
  }

  compat::KnownList list(const Words& all, int known, int percent) {
    compat::KnownList out;
    out.known = dice_.chance(known);
    out.verified = out.known && dice_.chance(80);
    if (out.known) out.names = keep(dice_.some_of(all, percent));
    return out;
  }

  void add_release(int minor) {
    Release release;
    const std::string version = "2." + std::to_string(minor) + (dice_.chance(70) ? ".0" : ".1");
    release.version = keep(version);
    release.date = keep("2025-0" + std::to_string(minor) + "-01");
    if (dice_.chance(80)) release.torchvision = "0.20.0";
    if (dice_.chance(60)) release.torchaudio = release.version;
    if (dice_.chance(80)) release.triton = "3.0.0";
    if (dice_.chance(30)) release.triton_python = "<3.12";
    if (dice_.chance(30)) release.torchvision_python = keep(Words{"3.10", "3.11"});
    release.evidence = evidence(version);
    auto& builds = store_->builds.emplace_back();
    for (const auto& cuda : kCudas) {
      if (dice_.chance(55)) builds.push_back(build(version, cuda));
    }
    if (builds.empty()) builds.push_back(build(version, "12.4"));
    release.builds = builds;
    store_->releases.push_back(release);
  }

  compat::Build build(const std::string& version, const std::string& cuda) {
    compat::Build out;
    std::string variant = "cu" + cuda;
    variant.erase(std::find(variant.begin(), variant.end(), '.'));
    out.cuda_variant = keep(variant);
    out.cuda = keep(cuda);
    Words pythons = dice_.some_of(kPythons, 75);
    if (pythons.empty()) pythons = {"3.11"};
    out.python = keep(pythons);
    auto& platforms = store_->platforms.emplace_back();
    for (const char* name : {"linux/amd64", "linux/arm64"}) {
      if (!dice_.chance(name == std::string("linux/amd64") ? 92 : 55)) continue;
      BuildPlatform row;
      row.platform = name;
      row.on_pypi = dice_.chance(35);
      row.verified = dice_.chance(85);
      row.min_glibc = keep(dice_.one_of(Words{"2.17", "2.28", "2.28", "2.38"}));
      row.sass = list({"sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90", "sm_90a", "sm_120"}, 85, 65);
      row.ptx = list({"compute_70", "compute_90", "compute_120"}, 50, 40);
      platforms.push_back(row);
    }
    out.platforms = platforms;
    if (dice_.chance(80)) out.cudnn = keep(dice_.one_of(Words{"8.9.2", "9.1.0", "9.12.0"}));
    out.evidence = evidence(version + " " + variant, dice_.chance(20) ? Words{"cudnn"} : Words{});
    return out;
  }

  Dice dice_;
  std::shared_ptr<Storage> store_ = std::make_shared<Storage>();
};

// Machine code needs the same major and no higher minor; PTX serves all GPUs from its own on.
bool runs(std::string_view target, std::string_view cc) {
  const bool ptx = target.substr(0, 8) == "compute_";
  std::string digits(target.substr(ptx ? 8 : 3));
  const std::string whole = std::string(cc.substr(0, cc.size() - 2)) + cc.back();
  if (digits.back() == 'a') return digits == whole + "a";
  if (ptx) return std::stoi(digits) <= std::stoi(whole);
  return digits.substr(0, digits.size() - 1) == whole.substr(0, whole.size() - 1) && digits.back() <= whole.back();
}

bool any_runs(const compat::KnownList& list, std::string_view cc) {
  return std::any_of(list.names.begin(), list.names.end(), [&](std::string_view target) { return runs(target, cc); });
}

}  // namespace

compat::Knowledge small_world(unsigned seed) {
  return WorldMaker(seed).make();
}

SpecBuilder small_recipe(Dice& dice) {
  static const Words kTorch = {"2.5", "2.6", "2.7", "2.8", "2.9", ">=2.7", "<2.7", ">=2.6,<2.9", "2.7.1", "3.0"};
  static const Words kGpus = {"P100", "V100", "T4", "A100", "A10", "H100", "GH200", "RTX 5090"};
  static const Words kDrivers = {"460.1", "470.82", "535.1", "570.5", "575.1", "580.65.06", "580.0", "590.44"};
  SpecBuilder spec;
  if (dice.chance(60)) spec.torch(dice.one_of(kTorch));
  if (dice.chance(40)) spec.cuda(dice.one_of(Words{"11.8", "12.4", "cu124", "12.8", "13.0", "cu130", "12.1"}));
  if (dice.chance(25)) spec.include("torchaudio");
  if (dice.chance(25)) spec.include("torchvision");
  if (dice.chance(50)) spec.base(dice.one_of(Words{"debian:13", "ubuntu:22.04", "ubuntu:24.04", "ubuntu:30.04"}));
  if (dice.chance(25)) spec.python(dice.one_of(kPythons));
  if (dice.chance(20)) spec.compile();
  if (dice.chance(20))
    spec.cutoff(dice.one_of(Words{"2025-04-30", "2025-06-01", "2025-08-15", "2025-08-01T00:00:00Z"}));
  if (dice.chance(30)) spec.platforms(dice.chance(50) ? Words{"linux/arm64"} : Words{"linux/amd64", "linux/arm64"});
  for (int pools = dice.chance(60) ? 1 : 3; pools > 0; --pools) {
    Words gpus{dice.one_of(kGpus)};
    const auto second = dice.one_of(kGpus);
    if (dice.chance(30) && second != gpus[0]) gpus.push_back(second);
    spec.pool(gpus, dice.chance(70) ? dice.one_of(kDrivers) : "");
  }
  return spec;
}

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
    if (choice.build->cudnn.empty() || !choice.build->evidence.unverified.empty()) continue;
    if (Version::of(choice.build->cudnn) >= Version::of(floor.from) && Version::of(chip.cc) < Version::of(floor.min_cc))
      return 2;
  }
  if (any_runs(row->sass, chip.cc) || any_runs(row->ptx, chip.cc)) return 0;
  return row->sass.known && row->sass.verified ? 2 : 1;
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

int Exhaustive::supported(const Version& driver, const std::string& gpu_name) const {
  const auto last = architecture(gpu_name).last_driver_branch;
  return last.empty() || "R" + std::to_string(driver.major()) <= last ? 0 : 2;
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
  return pythons.empty() || std::find(pythons.begin(), pythons.end(), choice.base->python) != pythons.end() ? 0 : 2;
}

int Exhaustive::triton(const Choice& choice) const {
  if (choice.release->triton.empty()) return 2;
  return choice.release->triton_python.empty() || Version::of(choice.base->python) < Version::of("3.12") ? 0 : 2;
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
  if (!spec_.capabilities.empty()) need(triton(choice));
  if (!spec_.exclude_newer.empty()) need(choice.release->date <= spec_.exclude_newer.substr(0, 10) ? 0 : 2);
  for (const auto& name : spec_.platforms) {
    const BuildPlatform* row = platform(choice, name);
    need(row == nullptr ? 2 : row->verified ? 0 : 1);
  }
  for (const auto& pool : spec_.pools) {
    if (pool.driver) need(floor(choice, pool.driver->value));
    for (const auto& wanted : pool.gpus) {
      bool host = false;
      for (const auto& name : spec_.platforms) {
        if (arm_only(wanted.value) && name != "linux/arm64") continue;
        host = true;
        need(code(choice, name, wanted.value));
      }
      if (!host) need(2);
      if (!pool.driver) continue;
      need(supported(pool.driver->value, wanted.value));
      need(from_ptx(choice, pool.driver->value, wanted.value));
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

int Exhaustive::one(const resolve::Problem& problem, const resolve::Constraint& constraint,
                    const Choice& choice) const {
  using resolve::ConstraintKind;
  const std::string& wish = problem.wishes[constraint.wishes[0]].value;
  const std::string gpu_name = constraint.pool && !problem.gpus.empty() ? problem.gpus[constraint.gpu].name.value : "";
  switch (constraint.kind) {
    case ConstraintKind::kTorchVersion:
      return spec_.torch.version.value.contains(Version::of(choice.release->version)) ? 0 : 2;
    case ConstraintKind::kCudaVariant:
      return cuda(choice);
    case ConstraintKind::kInclude:
      return part(choice, wish);
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
      return floor(choice, problem.driver(constraint));
    case ConstraintKind::kGpuDriver:
      return supported(problem.driver(constraint), gpu_name);
    case ConstraintKind::kPtxDriver:
      return from_ptx(choice, problem.driver(constraint), gpu_name);
    case ConstraintKind::kCapability:
      return triton(choice);
    case ConstraintKind::kCutoff:
      return choice.release->date <= wish.substr(0, 10) ? 0 : 2;
  }
  return 2;
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
