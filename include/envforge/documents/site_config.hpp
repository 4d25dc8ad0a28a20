// What a site shares: where bytes come from and where the engine is. Read from a configuration file, from ENVFORGE_
// variables and from flags, merged so that each value keeps the place it came from. Nothing of it decides an image, so
// nothing of it enters a lock, but for the Python that a recipe asks for and a base does not have. Used by app and cli;
// opens no file and reads no environment.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <envforge/documents/python_archive.hpp>
#include <envforge/documents/recipe.hpp>

namespace envforge::documents {

/// Images of the local engine to build on instead of pulling or bootstrapping.
struct SiteBase {
  Located<std::string> image;    // local/debian:12
  Located<std::string> builder;  // with g++, for the validator's torch group; "" = made from `image`
  friend bool operator==(const SiteBase&, const SiteBase&) = default;
};

struct SiteDebMirror {
  Located<std::string> mirror;    // instead of http://deb.debian.org/debian
  Located<std::string> security;  // instead of http://deb.debian.org/debian-security
  friend bool operator==(const SiteDebMirror&, const SiteDebMirror&) = default;
};

/// An index of the site's own, for the packages that it names and no others: what is asked for in one place only cannot
/// be shadowed in another.
struct SiteIndex {
  Located<std::string> url;           // without credentials: locks name it
  Located<std::string> credentials;   // absolute path of a file with USER:PASSWORD; "" = none
  std::vector<std::string> packages;  // normal names
  friend bool operator==(const SiteIndex&, const SiteIndex&) = default;
};

/// An empty value is one that nobody set. `where` is the file's line, "ENVFORGE_CA_BUNDLE", or "--ca-bundle".
struct SiteConfig {
  Located<std::string> default_index;  // mirror of https://pypi.org/simple; may hold credentials
  Located<std::string> pytorch_index;  // prefix instead of https://download.pytorch.org/whl; may hold credentials
  Located<std::string> ca_bundle;      // absolute path of a PEM file
  Located<std::string> http_proxy, https_proxy, no_proxy;  // proxies may hold credentials
  Located<std::string> wheels_dir, debs_dir;               // folders that are then the only source
  Located<std::string> cache_dir;
  Located<std::string> git_credentials;  // absolute path of a file of lines https://USER:TOKEN@HOST, as git stores them
  Located<std::string> fleet;            // the fleet file that `target: site` means
  Located<std::string> docker;           // the client: a path, or a name on PATH
  Located<std::string> docker_host;      // unix:///run/docker.sock, tcp://host:2376, ssh://user@host
  std::map<std::string, Located<std::string>>
      registry;                           // base -> image to pull: debian:12 -> mirror.example/debian:12-slim
  std::map<std::string, SiteBase> bases;  // base -> local images
  std::map<std::string, SiteDebMirror> deb_mirrors;  // distribution: debian, ubuntu
  std::map<std::string, SiteIndex> indexes;          // by the site's name for it
  std::vector<Located<PythonArchive>> pythons;       // none twice of one version and platform
  friend bool operator==(const SiteConfig&, const SiteConfig&) = default;
};

/// A configuration file (schema envforge/config/v1). Throws support::Error with an EF30xx code.
SiteConfig read_site_config(const std::string& yaml_text, const std::string& file);

/// The settings of ENVFORGE_ variables; others are ignored, a near miss (ENVFORGE_CA_BUNDEL) is an error.
/// Throws Error{kConfigVariable}.
SiteConfig site_config_from_environment(const std::map<std::string, std::string>& variables);

/// What the host's own SSL_CERT_FILE, HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or lower case) say: the lowest layer. A
/// value that no setting accepts is left out, for those variables are other programs'.
SiteConfig site_config_from_host(const std::map<std::string, std::string>& variables);

/// Sets one plain setting by its word ("ca_bundle"); `origin` is the flag. Throws Error{kConfigVariable}.
void set_site_setting(SiteConfig& config, const std::string& word, const std::string& value, const std::string& origin);

/// Later layers win, value by value and key by key.
SiteConfig merge_site_configs(const std::vector<SiteConfig>& lowest_first);

struct SiteSetting {
  std::string name;    // "ca_bundle", "registry.debian:12"
  std::string value;   // credentials of URLs are masked
  std::string origin;  // "/etc/envforge/config.yaml:3:12", "ENVFORGE_CA_BUNDLE", "--ca-bundle"
  friend bool operator==(const SiteSetting&, const SiteSetting&) = default;
};

/// Every value that is set, for people to read.
std::vector<SiteSetting> describe(const SiteConfig& config);

}  // namespace envforge::documents
