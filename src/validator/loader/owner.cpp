#include "loader/owner.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <envforge/support/text.hpp>

namespace envforge::validator::loader {
namespace {

/// Debian's merged /usr: dpkg may know /usr/lib/x as /lib/x.
std::string without_usr(const std::string& path) {
  return support::starts_with(path, "/usr/lib") ? path.substr(4) : path;
}

std::map<std::string, std::string> dpkg_versions(const std::string& status) {
  std::map<std::string, std::string> versions;
  std::string package;
  for (const std::string& line : support::split(status, '\n')) {
    if (support::starts_with(line, "Package: ")) package = line.substr(9);
    if (support::starts_with(line, "Version: ")) versions[package] = line.substr(9);
  }
  return versions;
}

}  // namespace

std::string to_string(const Owner& owner) {
  std::string text = owner.kind;
  if (!owner.package.empty()) text += " " + owner.package;
  if (!owner.version.empty()) text += " " + owner.version;
  return text;
}

// Of each database only the libraries are kept: nothing else is asked about, and all of it is ten times as much.
Owners::Owners(const Root& root, std::vector<std::string> site_packages, std::vector<std::string> prefixes)
    : root_(root), prefixes_(std::move(prefixes)) {
  for (const std::string& folder : site_packages) {
    for (Distribution& distribution : read_distributions(root_, folder)) {
      for (const RecordedFile& file : read_record(root_, distribution)) {
        if (!is_library_name(file.path)) continue;
        // Links of the environment (lib64 -> lib) must not hide the owner.
        const std::string path = root_.real(file.path).value_or(file.path);
        pip_[path].push_back({"pip", distribution.name, distribution.version});
      }
      distributions_.push_back(std::move(distribution));
    }
  }
}

void Owners::read_dpkg() {
  if (dpkg_read_) return;
  dpkg_read_ = true;
  const std::string folder = "/var/lib/dpkg/info";
  const auto versions = dpkg_versions(root_.read("/var/lib/dpkg/status").value_or(""));
  for (const std::string& name : root_.list(folder)) {
    if (!support::ends_with(name, ".list")) continue;
    const std::string stem = name.substr(0, name.size() - 5);
    const std::string package = stem.substr(0, stem.find(':'));
    const auto version = versions.find(package);
    const Owner owner{"apt", package, version == versions.end() ? "" : version->second};
    for (const std::string& path : support::split(root_.read(folder + "/" + name).value_or(""), '\n')) {
      if (is_library_name(path)) dpkg_.emplace(without_usr(path), owner);
    }
  }
}

void Owners::read_conda() {
  if (conda_read_) return;
  conda_read_ = true;
  for (const std::string& prefix : prefixes_) {
    const std::string folder = prefix + "/conda-meta";
    for (const std::string& name : root_.list(folder)) {
      if (!support::ends_with(name, ".json")) continue;
      const auto json = nlohmann::json::parse(root_.read(folder + "/" + name).value_or(""), nullptr, false);
      if (!json.is_object() || !json.contains("files") || !json["files"].is_array()) continue;
      const auto text = [&](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
      };
      const Owner owner{"conda", text("name"), text("version")};
      for (const auto& file : json["files"]) {
        if (!file.is_string() || !is_library_name(file.get<std::string>())) continue;
        const std::string path = normal(prefix + "/" + file.get<std::string>());
        conda_.emplace(root_.real(path).value_or(path), owner);
      }
    }
  }
}

std::vector<Owner> Owners::claims(const std::string& path) {
  const auto found = pip_.find(root_.real(path).value_or(path));
  return found == pip_.end() ? std::vector<Owner>() : found->second;
}

std::vector<std::string> Owners::libraries() {
  read_conda();
  std::vector<std::string> out;
  for (const auto& [path, owners] : pip_) out.push_back(path);
  for (const auto& [path, owner] : conda_) out.push_back(path);
  std::sort(out.begin(), out.end());
  return out;
}

Owner Owners::of(const std::string& path) {
  const std::string real = root_.real(path).value_or(path);
  const auto pip = pip_.find(real);
  if (pip != pip_.end()) return pip->second.front();
  read_conda();
  const auto conda = conda_.find(real);
  if (conda != conda_.end()) return conda->second;
  read_dpkg();
  for (const std::string& name : {real, normal(path)}) {
    const auto dpkg = dpkg_.find(without_usr(name));
    if (dpkg != dpkg_.end()) return dpkg->second;
  }
  const bool rpm = root_.is_folder("/var/lib/rpm") || root_.is_folder("/usr/lib/sysimage/rpm");
  return {rpm ? "not known" : "none", "", ""};
}

std::string library_version(const Root& root, const std::string& path, const Owner& owner) {
  if (!owner.version.empty()) return owner.version;
  const std::string name = file_name(root.real(path).value_or(path));
  constexpr std::string_view kMark = ".so.";
  const auto at = name.find(kMark);
  if (at == std::string::npos) return "";
  const std::string version = name.substr(at + kMark.size());
  // One number is the soname's; only more of them are a version.
  if (version.find('.') == std::string::npos || version.find_first_not_of("0123456789.") != std::string::npos)
    return "";
  return version;
}

}  // namespace envforge::validator::loader
