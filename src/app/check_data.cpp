#include <envforge/app/check_data.hpp>

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include <envforge/app/site_requests.hpp>
#include <envforge/compat/machine_code.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/version_range.hpp>

#include "wheel_code.hpp"

namespace envforge::app {
namespace {

using compat::BuildPlatform;
using packages::PythonConflict;
using packages::ResolvedWheel;
using support::Error;
using support::ErrorCode;
using versions::Version;
using versions::VersionRange;

constexpr const char* kNewestGlibc = "2.40";  // any wheel may answer; its tag then says what it needs

using Wheels = std::vector<ResolvedWheel>;

class PyPi {
 public:
  explicit PyPi(World& world) : world_(world) {}

  /// The closure of `pins`; nullopt if there is none. Throws where the index does not answer.
  std::optional<Wheels> ask(const std::vector<std::string>& pins, const std::string& python,
                            const std::string& platform) {
    documents::LockedPlatform machine;
    machine.python = python;
    machine.base.glibc = kNewestGlibc;
    packages::PythonRequest request = python_request(world_, machine, platform, "");
    request.pins = pins;
    ++questions_;
    const auto answer = world_.python.resolve(request);
    if (const auto* wheels = std::get_if<Wheels>(&answer)) return *wheels;
    const auto& conflict = std::get<PythonConflict>(answer);
    if (conflict.kind == PythonConflict::Kind::kIndexUnreachable)
      throw Error(ErrorCode::kIndexUnreachable, "a package index does not answer", std::nullopt, conflict.hint);
    return std::nullopt;
  }
  std::size_t questions() const { return questions_; }

 private:
  World& world_;
  std::size_t questions_ = 0;
};

const ResolvedWheel* find(const Wheels& wheels, const std::string& name) {
  const auto wheel = std::find_if(wheels.begin(), wheels.end(), [&](const ResolvedWheel& w) { return w.name == name; });
  return wheel == wheels.end() ? nullptr : &*wheel;
}

// The version of "nvidia-cudnn-cu12", of "nvidia-cublas" ...; "" if the closure has none.
std::string library(const Wheels& wheels, const std::string& name) {
  for (const ResolvedWheel& wheel : wheels) {
    if (wheel.name == name || versions::nvidia_library(wheel.name) == name) return wheel.version;
  }
  return "";
}

// "2.28" of torch-...-manylinux_2_28_x86_64.whl; "" for tags that do not say it, and manylinux1, which says too little.
std::string glibc_of(const std::string& filename) {
  constexpr std::string_view kTag = "-manylinux_";
  const auto at = filename.find(kTag);
  if (at == std::string::npos) return filename.find("manylinux2014") == std::string::npos ? "" : "2.17";
  const auto parts = support::split(filename.substr(at + kTag.size()), '_');
  return parts.size() < 2 ? "" : parts[0] + "." + parts[1];
}

std::string next_minor(const std::string& python, int step) {
  const Version version = Version::of(python);
  return std::to_string(version.major()) + "." + std::to_string(static_cast<int>(version.minor()) + step);
}

class Checker {
 public:
  explicit Checker(World& world) : world_(world), pypi_(world) {}

  DataCheck run(const VersionRange& range) {
    const auto& releases = world_.knowledge.tables().releases;
    for (const compat::Release& release : releases) {
      if (!range.contains(Version::of(release.version))) continue;
      for (const compat::Build& build : release.builds) {
        for (const BuildPlatform& platform : build.platforms) {
          if (platform.on_pypi) check(release, build, platform);
        }
      }
    }
    look_for_newer(releases.front());
    check_.questions = pypi_.questions();
    return std::move(check_);
  }

 private:
  void differ(const std::string& field, std::string_view data, const std::string& found) {
    check_.differences.push_back({row_, field, data.empty() ? "none" : std::string(data), found});
  }
  void compare(const std::string& field, std::string_view data, const std::string& found) {
    if (data != found) differ(field, data, found.empty() ? "none" : found);
  }

  void check(const compat::Release& release, const compat::Build& build, const BuildPlatform& platform) {
    ++check_.builds;
    const std::string name(platform.platform);
    row_ = std::string(build.evidence.file) + ": " + std::string(build.evidence.row) + ", " + name;
    world_.events.step("asking PyPI about torch " + std::string(build.evidence.row) + " for " + name);
    const std::string torch = "torch==" + std::string(release.version);
    const auto wheels = check_pythons(torch, build, name);
    if (!wheels) return;
    const std::string python(build.python.back());
    const ResolvedWheel* wheel = find(*wheels, "torch");
    const std::string glibc = wheel == nullptr ? "" : glibc_of(wheel->filename);
    if (!glibc.empty()) compare("min_glibc", platform.min_glibc, glibc);
    if (!build.bundled) {
      compare("cudnn", build.cudnn, library(*wheels, "cudnn"));
      compare("nccl", build.nccl, library(*wheels, "nccl"));
      compare("cublas", build.cublas, library(*wheels, "cublas"));
    }
    if (name == "linux/amd64") check_pins(build, *wheels);
    const auto triton_for = VersionRange::parse(release.triton_python);
    const bool triton = release.triton_python.empty() || (triton_for && triton_for->contains(Version::of(python)));
    compare("triton", triton ? release.triton : std::string_view(), library(*wheels, "triton"));
    check_partner("torchvision", torch, release.torchvision, release.torchvision_python, build, name);
    check_partner("torchaudio", torch, release.torchaudio, release.torchaudio_python, build, name);
  }

  // The rows hold the requirements of the amd64 wheel; some of its libraries have a field of their own.
  void check_pins(const compat::Build& build, const Wheels& wheels) {
    for (const auto& pin : build.pins) {
      const std::string package(pin.package), part = versions::nvidia_library(package);
      if (part.empty() || part == "cudnn" || part == "nccl" || part == "cublas") continue;
      const ResolvedWheel* wheel = find(wheels, package);
      compare(package, pin.version, wheel == nullptr ? "" : wheel->version);
    }
  }

  // The Pythons of the row have a wheel, those next to them have none. The closure for the newest of the row, if any.
  std::optional<Wheels> check_pythons(const std::string& torch, const compat::Build& build,
                                      const std::string& platform) {
    std::optional<Wheels> newest;
    std::set<std::string> listed(build.python.begin(), build.python.end());
    std::set<std::string> asked = listed;
    asked.insert(next_minor(std::string(build.python.front()), -1));
    asked.insert(next_minor(std::string(build.python.back()), 1));
    for (const std::string& python : asked) {
      auto wheels = pypi_.ask({torch}, python, platform);
      const bool served = wheels.has_value();
      if (served != listed.contains(python))
        differ("python " + python, served ? "no wheel" : "a wheel", served ? "a wheel" : "no wheel");
      if (python == build.python.back()) newest = std::move(wheels);
    }
    return newest;
  }

  void check_partner(const std::string& partner, const std::string& torch, std::string_view version,
                     compat::Names pythons, const compat::Build& build, const std::string& platform) {
    if (version.empty()) return;
    const std::string python(pythons.empty() ? build.python.back() : pythons.back());
    if (!pypi_.ask({torch, partner + "==" + std::string(version)}, python, platform))
      differ(partner, version, "does not go with " + torch + " on Python " + python);
  }

  void look_for_newer(const compat::Release& newest) {
    const std::string python(newest.builds.front().python.back());
    const auto wheels = pypi_.ask({"torch>=" + std::string(newest.version)}, python, "linux/amd64");
    const ResolvedWheel* wheel = wheels ? find(*wheels, "torch") : nullptr;
    if (wheel == nullptr || Version::of(wheel->version) <= Version::of(newest.version)) return;
    row_ = std::string(newest.evidence.file) + ": releases";
    differ("newest torch", newest.version,
           wheel->version + "; `envforge data draft " + wheel->version + "` begins its row");
  }

  World& world_;
  PyPi pypi_;
  DataCheck check_;
  std::string row_;
};

// The row of the wheel's build and platform; nullptr if there is none.
std::pair<const compat::Build*, const BuildPlatform*> row_of(const compat::Knowledge& knowledge,
                                                             const WheelFacts& wheel) {
  const compat::Release* release = knowledge.release(wheel.torch);
  if (release == nullptr) return {};
  for (const compat::Build& build : release->builds) {
    if (build.cuda_variant != wheel.cuda_variant) continue;
    for (const BuildPlatform& platform : build.platforms) {
      if (platform.platform == wheel.platform) return {&build, &platform};
    }
  }
  return {};
}

compat::KnownList known(const std::vector<std::string_view>& names) {
  return {true, true, names};
}

// A GPU that runs the kernels of torch but not those of its linear algebra library: only then a row lists the latter.
bool linear_algebra_differs(const compat::Knowledge& knowledge, const WheelFacts& wheel) {
  if (wheel.linalg_sass.empty()) return false;
  const std::vector<std::string_view> all(wheel.sass.begin(), wheel.sass.end());
  const std::vector<std::string_view> linear(wheel.linalg_sass.begin(), wheel.linalg_sass.end());
  BuildPlatform torch, algebra;
  torch.sass = known(all);
  algebra.sass = known(linear);
  const auto& gpus = knowledge.tables().architectures;
  return std::any_of(gpus.begin(), gpus.end(), [&](const compat::Architecture& gpu) {
    return compat::coverage(torch, gpu, knowledge) == compat::Coverage::kMachineCode &&
           compat::coverage(algebra, gpu, knowledge) != compat::Coverage::kMachineCode;
  });
}

std::string list_text(const std::vector<std::string>& names) {
  return names.empty() ? "none" : support::join(names, " ");
}

std::string list_text(const compat::KnownList& list) {
  return list.known ? list_text(std::vector<std::string>(list.names.begin(), list.names.end())) : "not known";
}

void compare_wheel(const compat::Knowledge& knowledge, const WheelFacts& wheel, std::vector<DataDifference>& out) {
  const auto [build, platform] = row_of(knowledge, wheel);
  const std::string name = wheel.torch + " " + wheel.cuda_variant + ", " + wheel.platform;
  if (platform == nullptr) {
    out.push_back({"compat/pytorch.json: " + name, "row", "none", "a wheel"});
    return;
  }
  const auto compare = [&](const std::string& field, const std::string& data, const std::string& found) {
    if (data != found) out.push_back({"compat/pytorch.json: " + name, field, data, found});
  };
  compare("sass", list_text(platform->sass), list_text(wheel.sass));
  compare("ptx", list_text(platform->ptx), list_text(wheel.ptx));
  if (platform->linalg_sass.known || linear_algebra_differs(knowledge, wheel))
    compare("linalg_sass", list_text(platform->linalg_sass), list_text(wheel.linalg_sass));
  if (wheel.cxx11_abi >= 0) compare("cxx11_abi", std::to_string(build->cxx11_abi), std::to_string(wheel.cxx11_abi));
  if (wheel.cxx_standard >= 0)
    compare("cxx_standard", std::to_string(build->cxx_standard), std::to_string(wheel.cxx_standard));
}

// "13.2" of the cuda-toolkit package, or of the CUDA runtime's.
std::string cuda_of(const Wheels& wheels) {
  const auto* toolkit = find(wheels, "cuda-toolkit");
  const std::string version = toolkit != nullptr ? toolkit->version : library(wheels, "cuda-runtime");
  if (version.empty()) return "";
  const Version parsed = Version::of(version);
  return std::to_string(parsed.major()) + "." + std::to_string(parsed.minor());
}

nlohmann::json or_null(const std::string& text) {
  return text.empty() ? nlohmann::json() : nlohmann::json(text);
}

// Throws Error{kUsage} for a wheel of another release.
std::vector<WheelFacts> open_wheels_of(World& world, const std::string& version,
                                       const std::vector<std::string>& files) {
  std::vector<WheelFacts> opened;
  for (const std::string& file : files) {
    opened.push_back(read_torch_wheel(world, file));
    if (Version::of(opened.back().torch) != Version::of(version))
      throw Error(ErrorCode::kUsage,
                  support::printable(file) + " is torch " + opened.back().torch + ", and the draft is of " + version);
  }
  return opened;
}

// Those of the build and their neighbours, oldest first.
std::vector<std::string> pythons_around(const compat::Build& build) {
  std::set<std::string> candidates;
  for (const auto python : build.python) {
    for (const int step : {-1, 0, 1, 2}) candidates.insert(next_minor(std::string(python), step));
  }
  std::vector<std::string> pythons(candidates.begin(), candidates.end());
  std::sort(pythons.begin(), pythons.end(),
            [](const std::string& a, const std::string& b) { return Version::of(a) < Version::of(b); });
  return pythons;
}

// What an opened wheel proves of its build. Throws Error{kUsage} if the draft is of another build.
void add_wheel(const compat::Knowledge& knowledge, const WheelFacts& wheel, nlohmann::json& build) {
  if (wheel.cuda_variant != build["cuda_variant"] || !build["platforms"].contains(wheel.platform))
    throw Error(ErrorCode::kUsage, support::printable(wheel.file) + " is " + wheel.cuda_variant + " for " +
                                       wheel.platform + ", which is not PyPI's build of torch " + wheel.torch);
  nlohmann::json& platform = build["platforms"][wheel.platform];
  platform["sass"] = wheel.sass;
  platform["ptx"] = wheel.ptx;
  if (linear_algebra_differs(knowledge, wheel)) platform["linalg_sass"] = wheel.linalg_sass;
  platform["sources"] = {"WHEEL"};
  nlohmann::json unverified = nlohmann::json::array();
  for (const auto& [field, value] :
       {std::pair("cxx11_abi", wheel.cxx11_abi), std::pair("cxx_standard", wheel.cxx_standard)}) {
    if (value >= 0) {
      build[field] = value;
    } else {
      unverified.push_back(field);
    }
  }
  build.erase("unverified");
  if (!unverified.empty()) build["unverified"] = unverified;
  build["sources"] = {"PYPI", "WHEEL"};
}

}  // namespace

DataCheck check_data(World& world, const std::string& torch) {
  const auto range = torch.empty() ? std::optional(VersionRange()) : VersionRange::parse(torch);
  if (!range)
    throw Error(ErrorCode::kUsage,
                "--torch '" + support::printable(torch) + "': expected a version or a range, such as 2.15 or >=2.12");
  return Checker(world).run(*range);
}

DataCheck check_wheels(World& world, const std::vector<std::string>& files) {
  DataCheck check;
  for (const std::string& file : files) {
    check.wheels.push_back(read_torch_wheel(world, file));
    compare_wheel(world.knowledge, check.wheels.back(), check.differences);
  }
  return check;
}

nlohmann::json draft_release(World& world, const std::string& version, const std::vector<std::string>& files) {
  if (!Version::parse(version))
    throw Error(ErrorCode::kUsage, "'" + support::printable(version) + "' is no version of torch, such as 2.15.0");
  const std::vector<WheelFacts> opened = open_wheels_of(world, version, files);
  const std::string torch = "torch==" + version;
  PyPi pypi(world);
  const auto& newest = world.knowledge.tables().releases.front();
  const std::vector<std::string> pythons = pythons_around(newest.builds.front());
  nlohmann::json platforms = nlohmann::json::object(), served = nlohmann::json::array();
  Wheels last;
  for (const char* platform : {"linux/amd64", "linux/arm64"}) {
    world.events.step("asking PyPI about " + torch + " for " + platform);
    for (const std::string& python : pythons) {
      const auto wheels = pypi.ask({torch}, python, platform);
      if (!wheels) continue;
      const bool cuda = !cuda_of(*wheels).empty();
      if (cuda && last.empty()) last = *wheels;
      if (cuda && std::string_view(platform) == "linux/amd64") served.push_back(python);
      if (cuda)
        platforms[platform] = {{"pypi", true},
                               {"min_glibc", or_null(glibc_of(find(*wheels, "torch")->filename))},
                               {"sass", nullptr},
                               {"ptx", nullptr}};
    }
  }
  if (last.empty())
    throw Error(ErrorCode::kUsage, "PyPI serves no CUDA build of torch " + version + " for Linux", std::nullopt,
                "`envforge explain --matrix` lists what the data knows");
  const std::string cuda = cuda_of(last);
  const Version parsed = Version::of(cuda);
  nlohmann::json build = {{"cuda_variant", "cu" + std::to_string(parsed.major()) + std::to_string(parsed.minor())},
                          {"cuda", cuda},
                          {"python", served},
                          {"platforms", platforms},
                          {"cudnn", or_null(library(last, "cudnn"))},
                          {"nccl", or_null(library(last, "nccl"))},
                          {"cublas", or_null(library(last, "cublas"))},
                          {"bundled", false},
                          {"cxx11_abi", 1},
                          {"cxx_standard", newest.builds.front().cxx_standard},
                          {"unverified", {"cxx11_abi", "cxx_standard"}},
                          {"sources", {"PYPI"}}};
  for (const WheelFacts& wheel : opened) add_wheel(world.knowledge, wheel, build);
  return {{"version", version},
          {"date", world.now().substr(0, 10)},
          {"torchvision", nullptr},
          {"torchaudio", nullptr},
          {"triton", or_null(library(last, "triton"))},
          {"unverified", {"date", "torchvision", "torchaudio"}},
          {"sources", {"PYPI"}},
          {"builds", nlohmann::json::array({build})}};
}

}  // namespace envforge::app
