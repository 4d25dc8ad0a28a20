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
using Words = std::vector<std::string>;

const Words kCudas = {"13.0", "12.8", "12.4", "11.8"};
const Words kPythons = {"3.10", "3.11", "3.12", "3.13"};

// What the views of the tables point into.
struct Storage {
  std::deque<std::string> texts;
  std::deque<std::vector<std::string_view>> names;
  std::deque<std::vector<BuildPlatform>> platforms;
  std::deque<std::vector<compat::Build>> builds;
  std::deque<std::vector<compat::Requirement>> pins;
  std::vector<Release> releases;
  std::vector<compat::CudaMajor> majors;
  std::vector<compat::CompilerWheels> compilers;
  std::vector<compat::Toolkit> toolkits;
  std::vector<Architecture> architectures;
  std::vector<compat::DriverBranch> branches;
  std::vector<compat::ForwardCompat> forward;
  std::deque<std::vector<compat::FirstListed>> first_listed;
  std::vector<compat::Gpu> gpus;
  std::vector<compat::CudnnFloor> floors;
  std::vector<Base> bases;
};

class WorldMaker {
 public:
  explicit WorldMaker(unsigned seed)
      : dice_(seed),
        compilers_(seed + 500000),
        libraries_(seed + 700000),
        tegra_(seed + 900000),
        pins_(seed + 1100000),
        free_(seed + 1300000) {}

  compat::Knowledge make() {
    add_hardware();
    add_drivers();
    add_compilers();
    for (int minor = 9; minor >= 5; --minor) {
      if (dice_.chance(60) || (minor == 5 && store_->releases.empty())) add_release(minor);
    }
    for (const auto& [name, glibc, python, gcc] :
         {std::tuple("debian:12", "2.36", "3.11", "12"), std::tuple("debian:13", "2.41", "3.13", "14"),
          std::tuple("ubuntu:22.04", "2.35", "3.10", "11"), std::tuple("ubuntu:24.04", "2.39", "3.12", "13")}) {
      if (dice_.chance(85)) add_base(name, glibc, python, gcc);
    }
    if (store_->bases.empty()) add_base("debian:12", "2.36", "3.11", "12");
    Storage& s = *store_;
    compat::Tables tables{
        "2026-01-01", "sha256:0", "https://index/", s.releases, s.majors, s.compilers, s.toolkits, {}, s.architectures,
        s.branches,   s.forward,  s.gpus,           s.floors,   s.bases,  {},          {},         {}, {}};
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

  void add_base(const char* name, const char* glibc, const char* python, const char* gcc) {
    const bool known = compilers_.chance(85);
    const auto unverified = known && compilers_.chance(15) ? Words{"gcc"} : Words{};
    store_->bases.push_back({name, "suite", glibc, python, known ? gcc : "", evidence("base", unverified)});
  }

  // nvcc comes in wheels from CUDA 12 or 13 on; some majors have no row, some rows are weakly supported.
  void add_compilers() {
    const int first = compilers_.chance(35) ? 12 : 13;
    for (const int major : {11, 12, 13}) {
      if (!compilers_.chance(90)) continue;
      const auto wheels = major >= first ? Words{"nvcc"} : Words{};
      const auto unverified = compilers_.chance(15) ? Words{"wheels"} : Words{};
      store_->compilers.push_back({major, keep(wheels), evidence("nvcc", unverified)});
    }
  }

  void add_toolkits(bool newest) {
    for (const auto& [cuda, gcc] :
         {std::pair("13.0", "13"), std::pair("12.8", "13"), std::pair("12.4", "12"), std::pair("11.8", "11")}) {
      if (!(cuda == kCudas[0] ? newest : compilers_.chance(80))) continue;
      const auto unverified = compilers_.chance(15) ? Words{"host_gcc_max"} : Words{};
      store_->toolkits.push_back(
          {cuda, "580.65.06", compilers_.chance(90) ? gcc : "", evidence("toolkit", unverified)});
    }
  }

  void add_hardware() {
    const auto add = [&](const char* cc, const char* name, const char* last_cuda, const char* last_branch) {
      store_->architectures.push_back({cc, name, "8.0", last_cuda, false, last_branch,
                                       evidence(cc, dice_.chance(20) ? Words{"last_cuda"} : Words{})});
    };
    add("6.0", "Pascal", "12.9", "R580");
    add("7.0", "Volta", "12.9", "R580");
    for (const char* cc : {"7.5", "8.0", "8.6", "9.0", "12.0"}) add(cc, "Newer", "", "");
    Architecture& newest = store_->architectures.back();
    newest.first_cuda = "12.8";
    newest.evidence = evidence("12.0", compilers_.chance(40) ? Words{"first_cuda"} : Words{});
    // sm_120 of an older toolkit serves 12.1; of sm_87 many worlds have no code at all.
    store_->architectures.push_back({"12.1", "Newer", "13.0", "", false, "", evidence("12.1")});
    store_->architectures.push_back({"8.7", "Tegra", "11.4", "", true, "", evidence("8.7")});
    for (const auto& [name, kind, cc] :
         {std::tuple("P100", "datacenter", "6.0"), std::tuple("V100", "datacenter", "7.0"),
          std::tuple("T4", "datacenter", "7.5"), std::tuple("A100", "datacenter", "8.0"),
          std::tuple("A10", "datacenter", "8.6"), std::tuple("H100", "datacenter", "9.0"),
          std::tuple("GH200", "superchip", "9.0"), std::tuple("RTX 5090", "geforce", "12.0"),
          std::tuple("GB10", "superchip", "12.1"), std::tuple("Jetson AGX Orin", "jetson", "8.7")}) {
      std::optional<bool> forward;
      if (dice_.chance(85)) forward = dice_.chance(70);
      store_->gpus.push_back({name, kind, cc, {}, first_listed(cc), forward, evidence(name)});
    }
    if (dice_.chance(80)) store_->floors.push_back({"9.11", "7.5", "no code below 7.5", evidence("cudnn")});
  }

  // Of the newer GPUs, and not of every model.
  std::span<const compat::FirstListed> first_listed(std::string_view cc) {
    auto& rows = store_->first_listed.emplace_back();
    if (cc < "9" && cc != "12.0") return rows;
    if (cc == "9.0" && dice_.chance(50)) rows.push_back({"R535", "535.50"});
    if (dice_.chance(80)) rows.push_back({"R570", "570.10"});
    return rows;
  }

  void add_drivers() {
    store_->majors.push_back({11, "450.80.02", evidence("CUDA 11")});
    store_->majors.push_back({12, "525.60.13", evidence("CUDA 12")});
    if (dice_.chance(70)) {
      store_->majors.push_back({13, "580.65.06", evidence("CUDA 13")});
      add_toolkits(compilers_.chance(85));
    } else {
      add_toolkits(dice_.chance(50));
    }
    for (const auto& [branch, cuda] :
         {std::pair("R590", "13.1"), std::pair("R580", "13.0"), std::pair("R575", "12.9"), std::pair("R570", "12.8"),
          std::pair("R535", "12.2"), std::pair("R525", "12.0"), std::pair("R470", "11.4"), std::pair("R460", "11.2"),
          std::pair("R450", "11.0")}) {
      if (dice_.chance(85)) store_->branches.push_back({branch, cuda, evidence(branch)});
    }
    for (const auto& cuda : kCudas) {
      if (dice_.chance(75))
        store_->forward.push_back({cuda, keep(dice_.some_of(Words{"R470", "R535", "R570"}, 65)), evidence("forward")});
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
    if (!release.torchaudio.empty() && dice_.chance(40)) {
      release.torchaudio = dice_.chance(50) ? "2.5.0" : "2.6.0";
      release.torchaudio_cuda = keep(Words{"12.8", "13.0"});
    }
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
    if (free_.chance(40)) out.free_threaded = keep(free_.chance(50) ? Words{"3.13t"} : Words{"3.13t", "3.14t"});
    auto& platforms = store_->platforms.emplace_back();
    for (const char* name : {"linux/amd64", "linux/arm64"}) {
      if (!dice_.chance(name == std::string("linux/amd64") ? 92 : 55)) continue;
      BuildPlatform row;
      row.platform = name;
      row.on_pypi = dice_.chance(35);
      row.verified = dice_.chance(85);
      row.min_glibc = keep(dice_.one_of(Words{"2.17", "2.28", "2.28", "2.38"}));
      row.sass = list({"sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90", "sm_90a", "sm_120"}, 85, 65);
      if (tegra_.chance(5) && row.sass.known) {
        Words with(row.sass.names.begin(), row.sass.names.end());
        with.push_back("sm_87");
        row.sass.names = keep(with);
      }
      row.ptx = list({"compute_70", "compute_90", "compute_120"}, 50, 40);
      row.evidence = evidence(version + " " + variant + ", " + name, {});
      platforms.push_back(row);
    }
    out.platforms = platforms;
    if (dice_.chance(80)) out.cudnn = keep(dice_.one_of(Words{"8.9.2", "9.1.0", "9.12.0"}));
    if (libraries_.chance(80)) out.nccl = keep(libraries_.one_of(Words{"2.21.5", "2.26.2", "2.27.5"}));
    if (libraries_.chance(80)) out.cublas = keep(cuda + ".4.1");
    out.bundled = libraries_.chance(15);
    if (pins_.chance(60)) {
      auto& pins = store_->pins.emplace_back();
      pins.push_back({"nvidia-cufft-cu12", keep(pins_.one_of(Words{"11.2.1", "11.3.3"}))});
      out.pins = pins;
    }
    Words unverified = dice_.chance(20) ? Words{"cudnn"} : Words{};
    if (libraries_.chance(20)) unverified.push_back("nccl");
    out.evidence = evidence(version + " " + variant, unverified);
    return out;
  }

  Dice dice_;
  Dice compilers_, libraries_, tegra_, pins_, free_;  // their own, so that what they decide changes nothing of the rest
  std::shared_ptr<Storage> store_ = std::make_shared<Storage>();
};

}  // namespace

Pythons small_pythons(unsigned seed) {
  Dice dice(seed + 1300000);
  Pythons out;
  if (dice.chance(40)) return out;
  for (const char* version : {"3.10.14", "3.11.9", "3.12.3", "3.12.7", "3.13.5", "3.13.2t", "3.13.5t", "3.14.0t"}) {
    for (const char* platform : {"linux/amd64", "linux/arm64"}) {
      if (!dice.chance(35)) continue;
      out.push_back({version, platform, "https://x/p.tar.gz", "", dice.one_of(Words{"2.17", "2.17", "2.36", "2.40"})});
    }
  }
  dice.shuffle(out);
  return out;
}

compat::Knowledge small_world(unsigned seed) {
  return WorldMaker(seed).make();
}

const std::vector<std::string>& markers() {
  static const Words kMarkers = {"python_version < '3.12'",
                                 "'3.12' <= python_version and os_name == 'posix'",
                                 "platform_machine == 'aarch64' or python_version == '3.10'",
                                 "platform_machine != 'aarch64'",
                                 "sys_platform == 'win32' or extra == 'x'",
                                 "platform_release >= '6'",
                                 "python_version == '3.13' and platform_release >= '6'"};
  return kMarkers;
}

SpecBuilder small_recipe(Dice& dice) {
  static const Words kTorch = {"2.5", "2.6", "2.7", "2.8", "2.9", ">=2.7", "<2.7", ">=2.6,<2.9", "2.7.1", "3.0"};
  static const Words kGpus = {"P100", "V100",  "T4",       "A100", "A10",
                              "H100", "GH200", "RTX 5090", "GB10", "Jetson AGX Orin"};
  static const Words kDrivers = {"460.1", "470.82", "535.1", "570.5", "575.1", "580.65.06", "580.0", "590.44"};
  SpecBuilder spec;
  if (dice.chance(60)) spec.torch(dice.one_of(kTorch));
  if (dice.chance(40)) spec.cuda(dice.one_of(Words{"11.8", "12.4", "cu124", "12.8", "13.0", "cu130", "12.1"}));
  if (dice.chance(25)) spec.include("torchaudio");
  if (dice.chance(25)) spec.include("torchvision");
  if (dice.chance(50)) spec.base(dice.one_of(Words{"debian:13", "ubuntu:22.04", "ubuntu:24.04", "ubuntu:30.04"}));
  if (dice.chance(25)) spec.python(dice.chance(80) ? dice.one_of(kPythons) : dice.one_of(Words{"3.13t", "3.14t"}));
  if (dice.chance(20)) spec.compile();
  if (dice.chance(20))
    spec.cutoff(dice.one_of(Words{"2025-04-30", "2025-06-01", "2025-08-15", "2025-08-01T00:00:00Z"}));
  if (dice.chance(30)) spec.platforms(dice.chance(50) ? Words{"linux/arm64"} : Words{"linux/amd64", "linux/arm64"});
  for (int pools = dice.chance(60) ? 1 : 3; pools > 0; --pools) {
    Words gpus{dice.one_of(kGpus)};
    const auto second = dice.one_of(kGpus);
    if (dice.chance(30) && second != gpus[0]) gpus.push_back(second);
    const bool driver = dice.chance(70);
    spec.pool(gpus, driver ? dice.one_of(kDrivers) : "");
    if (driver && dice.chance(40)) spec.forward();
  }
  if (dice.chance(12)) spec.devel();
  if (dice.chance(12)) {
    spec.built("ops @ ./ops", dice.chance(60)   ? std::nullopt
                              : dice.chance(80) ? std::optional(Words{"pool0"})
                                                : std::optional(Words{}));
  }
  if (dice.chance(20)) {
    const auto& name = dice.one_of(documents::torch_libraries());
    const Words versions = name == "cudnn"    ? Words{"9.1", "9", "9.12.0", ">=9.2", "9.99"}
                           : name == "nccl"   ? Words{"2.26", "2.21.5", "<2.27", "3"}
                           : name == "triton" ? Words{"3.0", "3", "2.1"}
                                              : Words{"12", "12.4.4", ">=12.5", "*"};
    spec.library(name, dice.one_of(versions));
  }
  if (dice.chance(15)) {
    static const Words kPackages = {"nvidia-cudnn-cu12==9.1.0",
                                    "nvidia-cudnn-cu13",
                                    "nvidia-nccl-cu12>=2.26",
                                    "nvidia-cublas-cu12==12.4.4.1",
                                    "nvidia-cublas>=13",
                                    "triton==3.0.0",
                                    "triton<3",
                                    "torch>=2.6,<2.8",
                                    "torch==2.5.0"};
    Words all = kPackages;
    for (std::size_t i = 0; i < markers().size(); ++i) all.push_back(kPackages[i + 1] + "; " + markers()[i]);
    spec.package(dice.one_of(all));
  }
  return spec;
}

}  // namespace envforge::testing
