#include <envforge/app/site_requests.hpp>

#include <sys/utsname.h>

#include <envforge/packages/python_resolver.hpp>
#include <envforge/support/text.hpp>

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

packages::DebMirror deb_mirror(const World& world, const std::string& base, const std::string& platform) {
  packages::DebMirror mirror;
  mirror.base = base;
  mirror.architecture = architecture_of(platform);
  mirror.ca_bundle = world.site.ca_bundle.value;
  mirror.debs_dir = world.site.debs_dir.value;
  for (const auto& [name, value] : proxies(world))
    mirror.proxies[support::to_lower(name)] = value;  // as apt names them
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
  request.wheels_dir = world.site.wheels_dir.value;
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

std::string configured_local_base(const World& world, const std::string& base) {
  const auto configured = world.site.bases.find(base);
  return configured == world.site.bases.end() ? "" : configured->second.image.value;
}

std::string configured_registry_base(const World& world, const std::string& base) {
  const auto configured = world.site.registry.find(base);
  return configured == world.site.registry.end() ? "" : configured->second.value;
}

render::SiteNetwork site_network(const World& world, const documents::LockedPlatform& locked) {
  render::SiteNetwork network;
  if (!world.site.default_index.value.empty()) {
    network.mirrors.push_back({packages::kDefaultPythonIndex, world.site.default_index.value});
  }
  const std::string torch = torch_index_mirror(world, locked.torch_index);
  if (!torch.empty()) network.mirrors.push_back({locked.torch_index, torch});
  network.http_proxy = world.site.http_proxy.value;
  network.https_proxy = world.site.https_proxy.value;
  network.no_proxy = world.site.no_proxy.value;
  return network;
}

}  // namespace envforge::app
