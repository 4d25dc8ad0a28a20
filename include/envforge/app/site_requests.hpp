// What the site configuration says about where bytes come from, put into the requests of the areas below.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <envforge/app/world.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/render/render.hpp>

namespace envforge::app {

/// "amd64" of "linux/amd64".
std::string architecture_of(const std::string& platform);
/// Of this machine, in Docker's words.
std::string host_architecture();

packages::ResolvedDeb resolved_deb(const documents::LockedDeb& deb);
packages::DebMirror deb_mirror(const World& world, const std::string& base, const std::string& platform);
/// Python version, platform, glibc, cutoff and the site's settings; pins and requirements are the caller's.
packages::PythonRequest python_request(const World& world, const documents::LockedPlatform& locked,
                                       const std::string& platform, const std::string& exclude_newer);
/// The mirror of one of PyTorch's own indexes; "" without one.
std::string torch_index_mirror(const World& world, const std::string& index);
/// The path of a file with credentials. Throws Error{kFileUnreadable} if it is not there or others can read it.
std::string private_file(const documents::Located<std::string>& file);
/// Where an index of the site's own is asked: its URL with the credentials of their file. Throws Error{kFileUnreadable}
/// for a file that cannot be read, that others can read too, or whose content is not USER:PASSWORD.
std::string site_index_address(const documents::SiteIndex& index);
/// Adds the site's own indexes to `request`, for those of its requirements that come from one.
void add_site_indexes(const World& world, packages::PythonRequest& request);
/// The engine's image that the site takes as base; "" without one.
std::string configured_local_base(const World& world, const std::string& base);
/// The image that the site pulls as base; "" without one.
std::string configured_registry_base(const World& world, const std::string& base);
/// As apt and curl name them: http_proxy, https_proxy, no_proxy.
std::map<std::string, std::string> lower_case_proxies(const World& world);
/// The Pythons that the site has archives of. A file is named without its folder, as a lock names it.
std::vector<documents::PythonArchive> site_pythons(const documents::SiteConfig& site);
render::SiteNetwork site_network(const World& world, const documents::LockedPlatform& locked);

}  // namespace envforge::app
