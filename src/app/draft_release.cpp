#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include <envforge/app/check_data.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/version.hpp>

#include "pypi_questions.hpp"
#include "wheel_code.hpp"

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;
using versions::Version;

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

struct Partner {
  std::string version;               // "" = none goes with that torch
  std::vector<std::string> pythons;  // that have it
  bool pins_torch = false;           // its metadata asks for exactly that torch: made for it
};

Partner partner_of(PyPi& pypi, const std::string& name, const std::string& torch,
                   const std::vector<std::string>& pythons) {
  constexpr const char* kPlatform = "linux/amd64";
  Partner partner;
  for (const std::string& python : pythons) {
    const auto wheels = pypi.ask({"torch==" + torch, name}, python, kPlatform);
    const auto* wheel = wheels ? find(*wheels, name) : nullptr;
    if (wheel == nullptr) continue;
    if (partner.version.empty() || Version::of(partner.version) < Version::of(wheel->version))
      partner = {wheel->version, {}, false};
    if (wheel->version == partner.version) partner.pythons.push_back(python);
  }
  // Asked of the oldest Python: for the newest another torch may just have no wheel.
  if (!partner.version.empty())
    partner.pins_torch =
        !pypi.ask({"torch!=" + torch, name + "==" + partner.version}, partner.pythons.front(), kPlatform);
  return partner;
}

// What PyPI's wheels of one release say.
struct Served {
  Wheels closure;                    // of its first CUDA build
  std::vector<std::string> pythons;  // of linux/amd64
  nlohmann::json platforms = nlohmann::json::object();
};

Served ask_about(World& world, PyPi& pypi, const std::string& torch) {
  const std::vector<std::string> pythons = pythons_around(world.knowledge.tables().releases.front().builds.front());
  Served served;
  for (const char* platform : {"linux/amd64", "linux/arm64"}) {
    world.events.step("asking PyPI about " + torch + " for " + platform);
    for (const std::string& python : pythons) {
      const auto wheels = pypi.ask({torch}, python, platform);
      if (!wheels || cuda_of(*wheels).empty()) continue;
      if (served.closure.empty()) served.closure = *wheels;
      if (std::string_view(platform) == "linux/amd64") served.pythons.push_back(python);
      served.platforms[platform] = {{"pypi", true},
                                    {"min_glibc", or_null(glibc_of(find(*wheels, "torch")->filename))},
                                    {"sass", nullptr},
                                    {"ptx", nullptr}};
    }
  }
  return served;
}

// The release around its one build. What is null stands not under `unverified`: there is nothing to doubt.
nlohmann::json release_row(World& world, PyPi& pypi, const std::string& version, const Served& served,
                           const nlohmann::json& build) {
  nlohmann::json unverified = nlohmann::json::array();
  const std::string uploaded = find(served.closure, "torch")->uploaded;
  if (uploaded.empty()) unverified.push_back("date");
  nlohmann::json row = {{"version", version},
                        {"date", (uploaded.empty() ? world.now() : uploaded).substr(0, 10)},
                        {"triton", or_null(library(served.closure, "triton"))},
                        {"sources", {"PYPI"}},
                        {"builds", nlohmann::json::array({build})}};
  for (const std::string name : {"torchvision", "torchaudio"}) {
    world.events.step("asking PyPI about the " + name + " of torch " + version);
    const Partner partner = partner_of(pypi, name, version, served.pythons);
    row[name] = or_null(partner.version);
    if (!partner.version.empty() && !partner.pins_torch) unverified.push_back(name);
    if (!partner.version.empty() && partner.pythons != served.pythons) row[name + "_python"] = partner.pythons;
  }
  if (!unverified.empty()) row["unverified"] = unverified;
  return row;
}

}  // namespace

nlohmann::json draft_release(World& world, const std::string& version, const std::vector<std::string>& files) {
  if (!Version::parse(version))
    throw Error(ErrorCode::kUsage, "'" + support::printable(version) + "' is no version of torch, such as 2.15.0");
  const std::vector<WheelFacts> opened = open_wheels_of(world, version, files);
  const std::string torch = "torch==" + version;
  PyPi pypi(world);
  const Served served = ask_about(world, pypi, torch);
  if (served.closure.empty())
    throw Error(ErrorCode::kUsage, "PyPI serves no CUDA build of torch " + version + " for Linux", std::nullopt,
                "`envforge explain --matrix` lists what the data knows");
  const std::string cuda = cuda_of(served.closure);
  const Version parsed = Version::of(cuda);
  nlohmann::json build = {{"cuda_variant", "cu" + std::to_string(parsed.major()) + std::to_string(parsed.minor())},
                          {"cuda", cuda},
                          {"python", served.pythons},
                          {"platforms", served.platforms},
                          {"cudnn", or_null(library(served.closure, "cudnn"))},
                          {"nccl", or_null(library(served.closure, "nccl"))},
                          {"cublas", or_null(library(served.closure, "cublas"))},
                          {"bundled", false},
                          {"cxx11_abi", 1},
                          {"cxx_standard", world.knowledge.tables().releases.front().builds.front().cxx_standard},
                          {"unverified", {"cxx11_abi", "cxx_standard"}},
                          {"sources", {"PYPI"}}};
  if (!served.pythons.empty()) {
    const auto free_threaded = pypi.free_threaded(torch, served.pythons.front(), "linux/amd64");
    if (!free_threaded.empty()) build["free_threaded"] = free_threaded;
  }
  for (const WheelFacts& wheel : opened) add_wheel(world.knowledge, wheel, build);
  return release_row(world, pypi, version, served, build);
}

}  // namespace envforge::app
