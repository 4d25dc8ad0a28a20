#include <envforge/render/installed.hpp>

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include <envforge/support/json_reader.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/version.hpp>

namespace envforge::render {
namespace {

using support::ErrorCode;
using support::JsonReader;

// As package indexes compare names: case and runs of - _ . do not matter.
std::string normalised(const std::string& name) {
  std::string out;
  for (const char c : support::to_lower(name)) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && !out.empty() && out.back() == '-') continue;
    out += separator ? '-' : c;
  }
  return out;
}

// cuDNN counts 90100 for 9.1.0 and, before 9, 8902 for 8.9.2.
std::string cudnn_version(std::int64_t number) {
  const std::int64_t major_unit = number >= 10000 ? 10000 : 1000;
  return std::to_string(number / major_unit) + "." + std::to_string(number % major_unit / 100) + "." +
         std::to_string(number % 100);
}

void read_cudnn(const nlohmann::json& answer, Installed& out) {
  if (answer.is_number_integer()) out.cudnn = cudnn_version(answer.get<std::int64_t>());
}

void read_nccl(const nlohmann::json& answer, Installed& out) {
  if (!answer.is_array()) return;
  std::vector<std::string> parts;
  for (const auto& part : answer) {
    if (part.is_number_integer()) parts.push_back(std::to_string(part.get<std::int64_t>()));
  }
  out.nccl = support::join(parts, ".");
}

// A question to torch that failed is an object {"error": ...}.
std::string first_error(const nlohmann::json& torch) {
  if (torch.contains("error"))
    return torch.at("error").is_string() ? torch.at("error").get<std::string>() : torch.at("error").dump();
  for (const auto& [key, answer] : torch.items()) {
    if (answer.is_object() && answer.contains("error")) return key + ": " + answer.at("error").dump();
  }
  return "";
}

void read_torch(const nlohmann::json& torch, Installed& out) {
  out.torch_error = first_error(torch);
  if (torch.contains("version") && torch.at("version").is_string()) out.torch = torch.at("version").get<std::string>();
  if (torch.contains("cuda") && torch.at("cuda").is_string()) out.cuda = torch.at("cuda").get<std::string>();
  if (torch.contains("cudnn")) read_cudnn(torch.at("cudnn"), out);
  if (torch.contains("nccl")) read_nccl(torch.at("nccl"), out);
}

bool same_version(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto first = versions::Version::parse(a);
  const auto second = versions::Version::parse(b);
  return first && second && *first == *second;
}

/// "2.6.0" of "2.6.0+cu124".
std::string public_part(const std::string& version) {
  return version.substr(0, version.find('+'));
}

// A wheel counts further than its library: 9.1.0.70 and 9.1.0, 2.26.2.post1 and 2.26.2.
bool same_library(const std::string& wheel, const std::string& library) {
  return wheel == library || support::starts_with(wheel, library + ".");
}

void compare_packages(const documents::LockedPlatform& locked, const Installed& installed,
                      std::vector<std::string>& out) {
  std::map<std::string, std::string> present;
  for (const auto& package : installed.packages) present[package.name] = package.version;
  for (const auto& wheel : locked.wheels) {
    const auto found = present.find(normalised(wheel.name));
    if (found == present.end()) {
      out.push_back(wheel.name + " " + wheel.version + " is in the lock but not in the image");
      continue;
    }
    if (!same_version(wheel.version, found->second)) {
      out.push_back(wheel.name + " is " + wheel.version + " in the lock and " + found->second + " in the image");
    }
    present.erase(found);
  }
  for (const auto& [name, version] : present)
    out.push_back(name + " " + version + " is in the image but not in the lock");
}

}  // namespace

Installed read_installed(const std::string& json_text) {
  const std::string file = "installed.json";
  const auto json = support::parse_json(json_text, file, ErrorCode::kMalformedJson);
  JsonReader reader(json, file, ErrorCode::kMalformedJson);
  if (reader.string("schema") != "envforge/installed") reader.fail("expected envforge/installed", "schema");
  if (reader.integer("schema_version") != 1) reader.fail("expected 1", "schema_version");
  Installed out;
  out.python = reader.string("python");
  for (auto& package : reader.objects("packages")) {
    out.packages.push_back({normalised(package.string("name")), package.string("version"),
                            static_cast<std::uint64_t>(package.integer("bytes"))});
    package.finish();
  }
  std::sort(out.packages.begin(), out.packages.end(),
            [](const InstalledPackage& a, const InstalledPackage& b) { return a.name < b.name; });
  read_torch(reader.object("torch").value(), out);
  reader.finish();
  return out;
}

std::vector<std::string> differences(const documents::LockedPlatform& locked, const Installed& installed) {
  std::vector<std::string> out;
  if (!same_library(installed.python, locked.python)) {
    out.push_back("Python is " + locked.python + " in the lock and " + installed.python + " in the image");
  }
  compare_packages(locked, installed, out);
  if (installed.torch.empty()) {
    out.push_back("torch cannot be imported in the image: " + support::printable(installed.torch_error));
    return out;
  }
  const auto expect = [&](const std::string& what, const std::string& wanted, const std::string& got, bool same) {
    if (!wanted.empty() && !same) {
      out.push_back(what + " is " + wanted + " in the lock; the image says " +
                    (got.empty() ? "nothing (" + installed.torch_error + ")" : got));
    }
  };
  expect("torch.__version__", locked.torch, installed.torch,
         same_version(public_part(locked.torch), public_part(installed.torch)));
  expect("torch.version.cuda", locked.cuda, installed.cuda, locked.cuda == installed.cuda);
  expect("cuDNN", locked.cudnn, installed.cudnn, same_library(locked.cudnn, installed.cudnn));
  expect("NCCL", locked.nccl, installed.nccl, same_library(locked.nccl, installed.nccl));
  return out;
}

std::vector<InstalledPackage> largest(const Installed& installed, std::size_t count) {
  std::vector<InstalledPackage> out = installed.packages;
  std::stable_sort(out.begin(), out.end(),
                   [](const InstalledPackage& a, const InstalledPackage& b) { return a.bytes > b.bytes; });
  if (out.size() > count) out.resize(count);
  return out;
}

}  // namespace envforge::render
