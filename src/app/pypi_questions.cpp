#include "pypi_questions.hpp"

#include <algorithm>
#include <regex>

#include <envforge/app/site_requests.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>
#include <envforge/versions/version.hpp>

namespace envforge::app {
namespace {

using packages::PythonConflict;
using packages::ResolvedWheel;
using support::Error;
using support::ErrorCode;
using versions::Version;

constexpr const char* kNewestGlibc = "2.40";  // any wheel may answer; its tag then says what it needs

// nullopt for a conflict.
template <class Answer>
std::optional<Answer> answered(const std::variant<Answer, PythonConflict>& answer) {
  if (const auto* value = std::get_if<Answer>(&answer)) return *value;
  const auto& conflict = std::get<PythonConflict>(answer);
  if (conflict.kind == PythonConflict::Kind::kIndexUnreachable)
    throw Error(ErrorCode::kIndexUnreachable, "a package index does not answer", std::nullopt, conflict.hint);
  return std::nullopt;
}

}  // namespace

packages::PythonRequest PyPi::request(const std::string& python, const std::string& platform) {
  documents::LockedPlatform machine;
  machine.python = python;
  machine.base.glibc = kNewestGlibc;
  ++questions_;
  return python_request(world_, machine, platform, "");
}

std::optional<Wheels> PyPi::ask(const std::vector<std::string>& pins, const std::string& python,
                                const std::string& platform) {
  auto asked = request(python, platform);
  asked.pins = pins;
  return answered(world_.python.resolve(asked));
}

std::vector<std::string> PyPi::free_threaded(const std::string& pin, const std::string& oldest_python,
                                             const std::string& platform) {
  static const std::regex tag("-cp3([0-9]+)-cp3([0-9]+)t-");
  const std::string machine = platform == "linux/arm64" ? "aarch64" : "x86_64", version = pin.substr(pin.find('=') + 2);
  const auto names =
      answered(world_.python.wheel_names(request(oldest_python, platform), versions::requirement_name(pin), version));
  std::vector<std::string> pythons;
  for (const std::string& name : names.value_or(std::vector<std::string>{})) {
    std::smatch match;
    const bool linux = name.find("linux") != std::string::npos && name.find(machine) != std::string::npos;
    if (linux && std::regex_search(name, match, tag)) pythons.push_back("3." + match[2].str() + "t");
  }
  std::sort(pythons.begin(), pythons.end(), [](const std::string& a, const std::string& b) {
    return Version::of(a.substr(0, a.size() - 1)) < Version::of(b.substr(0, b.size() - 1));
  });
  pythons.erase(std::unique(pythons.begin(), pythons.end()), pythons.end());
  return pythons;
}

const ResolvedWheel* find(const Wheels& wheels, const std::string& name) {
  const auto wheel = std::find_if(wheels.begin(), wheels.end(), [&](const ResolvedWheel& w) { return w.name == name; });
  return wheel == wheels.end() ? nullptr : &*wheel;
}

std::string library(const Wheels& wheels, const std::string& name) {
  for (const ResolvedWheel& wheel : wheels) {
    if (wheel.name == name || versions::nvidia_library(wheel.name) == name) return wheel.version;
  }
  return "";
}

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

}  // namespace envforge::app
