#include "installed_check.hpp"

#include <algorithm>
#include <map>

#include <envforge/support/error.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

namespace envforge::app {
namespace {

using nlohmann::json;
using support::JsonReader;

constexpr auto kCode = support::ErrorCode::kCheckStage;
constexpr std::size_t kLargest = 10;

std::string without_local(const std::string& version) {
  return version.substr(0, version.find('+'));
}

// cudnnGetVersion: 90100 is 9.1.0 from cuDNN 9 on, 8907 is 8.9.7 before.
std::string cudnn_text(std::int64_t number) {
  const bool nine = number >= 90000;
  const auto part = [](std::int64_t value) { return std::to_string(value); };
  return nine ? part(number / 10000) + "." + part(number / 100 % 100) + "." + part(number % 100)
              : part(number / 1000) + "." + part(number / 100 % 10) + "." + part(number % 100);
}

bool begins_with_version(const std::string& full, const std::string& prefix) {
  return full == prefix || support::starts_with(full, prefix + ".");
}

void compare_packages(JsonReader& report, const documents::LockedPlatform& locked, InstalledCheck& check) {
  std::map<std::string, std::string> installed;
  for (auto& package : report.objects("packages")) {
    const std::string name = versions::normal_name(package.string("name"));
    const std::string version = package.string("version");
    if (!installed.emplace(name, version).second) check.differences.push_back(name + " is installed twice");
    check.largest.push_back(
        {name, version, static_cast<std::uint64_t>(std::max<std::int64_t>(0, package.integer("bytes")))});
  }
  for (const auto& wheel : locked.wheels) {
    const auto found = installed.find(versions::normal_name(wheel.name));
    if (found == installed.end()) {
      check.differences.push_back(wheel.name + " " + wheel.version + " is locked and not installed");
      continue;
    }
    if (without_local(found->second) != without_local(wheel.version)) {
      check.differences.push_back(wheel.name + " is locked at " + wheel.version + " and installed at " + found->second);
    }
    ++check.wheels;
    installed.erase(found);
  }
  for (const auto& [name, version] : installed)
    check.differences.push_back(name + " " + version + " is installed and not locked");
  std::stable_sort(check.largest.begin(), check.largest.end(),
                   [](const PackageSize& a, const PackageSize& b) { return a.bytes > b.bytes; });
  if (check.largest.size() > kLargest) check.largest.resize(kLargest);
}

// A question that failed inside the image is an object {"error": ...}.
bool answered(const json& value, const std::string& what, InstalledCheck& check) {
  if (!value.is_object()) return !value.is_null();
  check.unread.push_back(
      what + ": " +
      (value.contains("error") && value["error"].is_string() ? value["error"].get<std::string>() : "no answer"));
  return false;
}

void compare_torch(JsonReader& report, const documents::LockedPlatform& locked, InstalledCheck& check) {
  auto torch = report.object("torch");
  if (torch.has("error")) {
    check.differences.push_back("torch cannot be imported: " + torch.raw("error").dump());
    return;
  }
  const auto& version = torch.raw("version");
  if (answered(version, "torch.__version__", check) && version.is_string()) check.torch = version.get<std::string>();
  if (without_local(check.torch) != locked.torch) {
    check.differences.push_back("torch says that it is '" + check.torch + "', locked is " + locked.torch);
  }
  const auto& cuda = torch.raw("cuda");
  check.torch_cuda = cuda.is_string() ? cuda.get<std::string>() : "none";
  if (check.torch_cuda != locked.cuda) {
    check.differences.push_back("torch.version.cuda is " + check.torch_cuda + ", locked is " + locked.cuda);
  }
  const auto& cudnn = torch.raw("cudnn");
  if (answered(cudnn, "torch.backends.cudnn.version()", check) && cudnn.is_number_integer())
    check.cudnn = cudnn_text(cudnn.get<std::int64_t>());
  if (!check.cudnn.empty() && !locked.cudnn.empty() && !begins_with_version(locked.cudnn, check.cudnn)) {
    check.differences.push_back("cuDNN inside is " + check.cudnn + ", locked is " + locked.cudnn);
  }
  const auto& nccl = torch.raw("nccl");
  if (answered(nccl, "torch.cuda.nccl.version()", check) && nccl.is_array()) {
    std::vector<std::string> parts;
    for (const auto& part : nccl) parts.push_back(part.dump());
    check.nccl = support::join(parts, ".");
  }
  if (!check.nccl.empty() && !locked.nccl.empty() && !begins_with_version(locked.nccl, check.nccl)) {
    check.differences.push_back("NCCL inside is " + check.nccl + ", locked is " + locked.nccl);
  }
}

}  // namespace

InstalledCheck check_installed(const std::string& text, const documents::LockedPlatform& locked) {
  const json value = support::parse_json(text, "installed.json", kCode);
  JsonReader report(value, "installed.json", kCode);
  if (report.string("schema") != "envforge/installed") report.fail("not what the check stage writes", "schema");
  InstalledCheck check;
  check.python = report.string("python");
  const auto& archive = locked.python_archive;
  const bool same = archive ? check.python == archive->version : begins_with_version(check.python, locked.python);
  if (!same) {
    check.differences.push_back("Python inside is " + check.python + ", locked is " +
                                (archive ? archive->version : locked.python));
  }
  compare_packages(report, locked, check);
  compare_torch(report, locked, check);
  return check;
}

}  // namespace envforge::app
