#include <envforge/app/site_requests.hpp>

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>

#include <envforge/packages/python_resolver.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

namespace envforge::app {
namespace {

// "debian" of "debian:12".
std::string distribution(const std::string& base) {
  return base.substr(0, base.find(':'));
}

std::map<std::string, std::string> proxies(const World& world) {
  std::map<std::string, std::string> out;
  const auto& site = world.site;
  for (const auto& [name, setting] :
       {std::pair{"HTTP_PROXY", &site.http_proxy}, {"HTTPS_PROXY", &site.https_proxy}, {"NO_PROXY", &site.no_proxy}}) {
    if (!setting->value.empty()) out[name] = setting->value;
  }
  return out;
}

// uv's own words for it name neither the setting nor what to do.
std::string wheels_folder(const World& world) {
  const auto& folder = world.site.wheels_dir;
  std::error_code error;
  if (folder.value.empty() || std::filesystem::is_directory(folder.value, error)) return folder.value;
  throw support::Error(support::ErrorCode::kFileUnreadable,
                       "the folder of wheels " + folder.value +
                           (std::filesystem::exists(folder.value, error) ? " is no folder" : " is not there"),
                       folder.where, "name a folder that holds the wheels (--wheels, wheels_dir), or none");
}

constexpr std::string_view kTorchIndexPrefix = "https://download.pytorch.org/whl";

}  // namespace

std::string architecture_of(const std::string& platform) {
  return platform.substr(platform.find('/') + 1);
}

std::string host_architecture() {
  struct utsname name {};
  ::uname(&name);
  const std::string machine = name.machine;
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : machine;
}

packages::ResolvedDeb resolved_deb(const documents::LockedDeb& deb) {
  packages::ResolvedDeb out;
  out.name = deb.name;
  out.version = deb.version;
  out.architecture = deb.architecture;
  out.suite = deb.suite;
  out.filename = deb.filename;
  out.sha256 = deb.sha256;
  out.size = deb.size;
  return out;
}

std::map<std::string, std::string> lower_case_proxies(const World& world) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : proxies(world)) out[support::to_lower(name)] = value;
  return out;
}

packages::DebMirror deb_mirror(const World& world, const std::string& base, const std::string& platform) {
  packages::DebMirror mirror;
  mirror.base = base;
  mirror.architecture = architecture_of(platform);
  mirror.ca_bundle = world.site.ca_bundle.value;
  mirror.debs_dir = world.site.debs_dir.value;
  mirror.proxies = lower_case_proxies(world);
  const auto configured = world.site.deb_mirrors.find(distribution(base));
  if (configured != world.site.deb_mirrors.end()) {
    mirror.mirror = configured->second.mirror.value;
    mirror.security_mirror = configured->second.security.value;
  }
  return mirror;
}

packages::PythonRequest python_request(const World& world, const documents::LockedPlatform& locked,
                                       const std::string& platform, const std::string& exclude_newer) {
  packages::PythonRequest request;
  request.python_version = locked.python;
  request.platform = platform;
  request.glibc = locked.base.glibc;
  request.exclude_newer = exclude_newer;
  request.wheels_dir = wheels_folder(world);
  request.default_index = world.site.default_index.value;
  request.ca_bundle = world.site.ca_bundle.value;
  request.proxies = proxies(world);
  return request;
}

std::string torch_index_mirror(const World& world, const std::string& index) {
  const auto& prefix = world.site.pytorch_index.value;
  if (prefix.empty() || !support::starts_with(index, kTorchIndexPrefix)) return {};
  return prefix + index.substr(kTorchIndexPrefix.size());
}

std::string private_file(const documents::Located<std::string>& file) {
  std::error_code error;
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  const auto status = std::filesystem::status(file.value, error);
  if (!error && std::filesystem::exists(status) && (status.permissions() & others) == std::filesystem::perms::none)
    return file.value;
  const bool absent = error || !std::filesystem::exists(status);
  throw support::Error(
      support::ErrorCode::kFileUnreadable,
      "the credentials file " + file.value + (absent ? " is not there" : " can be read by others than its owner"),
      file.where, absent ? "" : "chmod 600 " + file.value);
}

std::string site_index_address(const documents::SiteIndex& index) {
  const std::string& file = index.credentials.value;
  if (file.empty()) return index.url.value;
  constexpr std::uint64_t kMaxBytes = 4096;
  const std::string content = support::trim(support::read_file(private_file(index.credentials), kMaxBytes));
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!+=:";
  if (content.find(':') == std::string::npos || content.find_first_not_of(kPlain) != std::string::npos) {
    throw support::Error(support::ErrorCode::kFileUnreadable,
                         "the credentials file " + file + " does not hold USER:PASSWORD on one line",
                         index.credentials.where, "write other characters of the two as %XX");
  }
  const auto host = index.url.value.find("://") + 3;
  return index.url.value.substr(0, host) + content + "@" + index.url.value.substr(host);
}

void add_site_indexes(const World& world, packages::PythonRequest& request) {
  if (!request.wheels_dir.empty()) return;
  for (const auto& [name, index] : world.site.indexes) {
    const std::string id = "site-" + name;
    bool used = false;
    for (const auto& requirement : request.requirements) {
      if (requirement.find("://") != std::string::npos) continue;  // it says its place itself
      const std::string package = versions::requirement_name(requirement);
      if (std::find(index.packages.begin(), index.packages.end(), package) == index.packages.end()) continue;
      request.pin_index[package] = id;
      used = true;
    }
    const bool there = std::any_of(request.indexes.begin(), request.indexes.end(),
                                   [&](const packages::PythonIndex& known) { return known.name == id; });
    if (used && !there) request.indexes.push_back({id, index.url.value, site_index_address(index)});
  }
}

std::string configured_local_base(const World& world, const std::string& base) {
  const auto configured = world.site.bases.find(base);
  return configured == world.site.bases.end() ? "" : configured->second.image.value;
}

std::string configured_registry_base(const World& world, const std::string& base) {
  const auto configured = world.site.registry.find(base);
  return configured == world.site.registry.end() ? "" : configured->second.value;
}

std::vector<documents::PythonArchive> site_pythons(const documents::SiteConfig& site) {
  std::vector<documents::PythonArchive> pythons;
  for (const auto& python : site.pythons) {
    pythons.push_back(python.value);
    auto& url = pythons.back().url;
    if (!documents::has_address(pythons.back())) url = std::filesystem::path(url).filename().string();
  }
  return pythons;
}

render::SiteNetwork site_network(const World& world, const documents::LockedPlatform& locked) {
  render::SiteNetwork network;
  if (!world.site.default_index.value.empty()) {
    network.mirrors.push_back({packages::kDefaultPythonIndex, world.site.default_index.value});
  }
  const std::string torch = torch_index_mirror(world, locked.torch_index);
  if (!torch.empty()) network.mirrors.push_back({locked.torch_index, torch});
  for (const auto& [name, index] : world.site.indexes) {
    const auto from_it = [&, &own = index](const auto& package) { return package.index == own.url.value; };
    const bool used = std::any_of(locked.wheels.begin(), locked.wheels.end(), from_it) ||
                      std::any_of(locked.builds.begin(), locked.builds.end(), from_it) ||
                      std::any_of(locked.build_wheels.begin(), locked.build_wheels.end(), from_it);
    if (used) network.mirrors.push_back({index.url.value, site_index_address(index)});
  }
  network.http_proxy = world.site.http_proxy.value;
  network.https_proxy = world.site.https_proxy.value;
  network.no_proxy = world.site.no_proxy.value;
  return network;
}

}  // namespace envforge::app
