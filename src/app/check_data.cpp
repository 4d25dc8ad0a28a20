#include <envforge/app/check_data.hpp>

#include <algorithm>
#include <set>

#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/version_range.hpp>

#include "pypi_questions.hpp"
#include "wheel_code.hpp"

namespace envforge::app {
namespace {

using compat::BuildPlatform;
using packages::ResolvedWheel;
using support::Error;
using support::ErrorCode;
using versions::Version;
using versions::VersionRange;

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
    const auto free_threaded = pypi_.free_threaded(torch, std::string(build.python.front()), name);
    compare("free_threaded", support::join({build.free_threaded.begin(), build.free_threaded.end()}, " "),
            support::join(free_threaded, " "));
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

}  // namespace

DataCheck check_data(World& world, const std::string& torch) {
  const auto range = torch.empty() ? std::optional(VersionRange()) : VersionRange::parse(torch);
  if (!range)
    throw Error(ErrorCode::kUsage,
                "--torch '" + support::printable(torch) + "': expected a version or a range, such as 2.15 or >=2.12");
  const auto& releases = world.knowledge.tables().releases;
  if (std::none_of(releases.begin(), releases.end(),
                   [&](const auto& release) { return range->contains(Version::of(release.version)); }))
    throw Error(ErrorCode::kUsage, "--torch '" + support::printable(torch) + "': the data has no such release",
                std::nullopt, "`envforge explain --matrix` lists what it has");
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

}  // namespace envforge::app
