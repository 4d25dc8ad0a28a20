#include "apt_files.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include <envforge/support/error.hpp>
#include <envforge/support/percent_encoding.hpp>
#include <envforge/support/text.hpp>

namespace envforge::packages {
namespace {

std::string without_slash(std::string url) {
  while (support::ends_with(url, "/")) url.pop_back();
  return url;
}

/// A line of sources.list is split at blanks, and [...] sets options, one of which is to trust anything.
void require_address(const std::string& url) {
  const bool scheme = support::starts_with(url, "http://") || support::starts_with(url, "https://") ||
                      support::starts_with(url, "file:/");
  const bool plain = std::all_of(url.begin(), url.end(),
                                 [](char c) { return c > ' ' && c < 0x7f && c != '[' && c != ']' && c != '#'; });
  if (!scheme || !plain) {
    throw support::Error(support::ErrorCode::kDebMirror,
                         "'" + support::printable(url) + "' is no address of a mirror (http://, https:// or file:/)");
  }
}

bool is_version(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view(".+:~-").find(c) != std::string_view::npos;
  });
}

}  // namespace

Distribution distribution_of(const std::string& base, const std::string& architecture) {
  const std::map<std::string, std::string> codenames = {{"debian:11", "bullseye"},
                                                        {"debian:12", "bookworm"},
                                                        {"debian:13", "trixie"},
                                                        {"ubuntu:22.04", "jammy"},
                                                        {"ubuntu:24.04", "noble"}};
  const auto found = codenames.find(base);
  if (found == codenames.end())
    throw support::Error(support::ErrorCode::kInternal, "no suite is known for '" + base + "'");
  if (support::starts_with(base, "debian:")) {
    return {found->second,
            {"main"},
            "http://deb.debian.org/debian",
            "http://deb.debian.org/debian-security",
            {"debian-archive-keyring.gpg", "debian-archive-keyring.pgp"},
            "debian-archive-keyring"};
  }
  const bool ports = architecture != "amd64";
  return {found->second,
          {"main", "universe"},
          ports ? "http://ports.ubuntu.com/ubuntu-ports" : "http://archive.ubuntu.com/ubuntu",
          ports ? "http://ports.ubuntu.com/ubuntu-ports" : "http://security.ubuntu.com/ubuntu",
          {"ubuntu-archive-keyring.gpg"},
          "ubuntu-keyring"};
}

std::string mirror_of(const DebMirror& mirror, const std::string& suite) {
  const Distribution distribution = distribution_of(mirror.base, mirror.architecture);
  if (support::ends_with(suite, "-security")) {
    return without_slash(mirror.security_mirror.empty() ? distribution.security_mirror : mirror.security_mirror);
  }
  return without_slash(mirror.mirror.empty() ? distribution.mirror : mirror.mirror);
}

std::string apt_configuration(const DebMirror& mirror, const std::string& folder) {
  std::string text;
  const auto set = [&](const std::string& key, const std::string& value) {
    // apt.conf has no escapes, and its keys can name programs to run.
    if (value.find_first_of("\"\n") != std::string::npos) {
      throw support::Error(support::ErrorCode::kDebMirror,
                           "apt cannot use the path '" + support::printable(value) + "'");
    }
    text += key + " \"" + value + "\";\n";
  };
  set("Dir", folder);
  set("Dir::State", folder + "/state");
  set("Dir::State::status", folder + "/status");
  set("Dir::Cache", folder + "/cache");
  set("Dir::Cache::pkgcache", "");  // 40 MB on disk for one status; what it is made of (srcpkgcache) is kept
  set("Dir::Etc", folder + "/etc");
  set("Dir::Etc::sourcelist", folder + "/etc/sources.list");
  set("Dir::Etc::preferences", folder + "/etc/preferences");
  for (const char* part :
       {"main", "parts", "sourceparts", "preferencesparts", "netrcparts", "trusted", "trustedparts"}) {
    set(std::string("Dir::Etc::") + part, "/dev/null");
  }
  set("APT::Architecture", mirror.architecture);
  text += "APT::Architectures { \"" + mirror.architecture + "\"; };\n";
  set("APT::Install-Recommends", "false");
  set("APT::Install-Suggests", "false");
  set("APT::Sandbox::User", "");          // there is no other user to become
  set("APT::Update::Error-Mode", "any");  // one index that fails fails the whole
  set("Acquire::Languages", "none");
  set("Acquire::GzipIndexes", "false");
  set("Acquire::PDiffs", "false");
  set("Acquire::Retries", "2");
  set("Acquire::http::Timeout", "20");
  set("Acquire::https::Timeout", "20");
  if (!mirror.ca_bundle.empty()) set("Acquire::https::CaInfo", mirror.ca_bundle);
  return text;
}

std::string apt_sources(const DebMirror& mirror, const std::string& keyring) {
  const Distribution distribution = distribution_of(mirror.base, mirror.architecture);
  std::string text;
  for (const char* suffix : {"", "-updates", "-security"}) {
    const std::string suite = distribution.codename + suffix;
    require_address(mirror_of(mirror, suite));
    text += "deb [signed-by=" + keyring + "] " + mirror_of(mirror, suite) + " " + suite + " " +
            support::join(distribution.components, " ") + "\n";
  }
  return text;
}

std::string apt_preferences(const std::vector<ResolvedDeb>& preferred) {
  std::string text;
  for (const ResolvedDeb& deb : preferred) {
    if (is_package_name(deb.name) && is_version(deb.version))
      text += "Package: " + deb.name + "\nPin: version " + deb.version + "\nPin-Priority: 1001\n\n";
  }
  return text;
}

std::string Stanza::field(std::string_view name) const {
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text.compare(at, name.size(), name) != 0 || text.compare(at + name.size(), 1, ":") != 0) continue;
    const std::size_t value = at + name.size() + 1;
    return support::trim(std::string_view(text).substr(value, text.find('\n', at) - value));
  }
  return {};
}

void read_stanzas(std::istream& in, const std::function<void(const Stanza&)>& each) {
  Stanza stanza;
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty()) {
      stanza.text += line;
      stanza.text += '\n';
      continue;
    }
    if (!stanza.text.empty()) each(stanza);
    stanza.text.clear();
  }
  if (!stanza.text.empty()) each(stanza);
}

bool is_of_the_base(const Stanza& stanza) {
  if (stanza.field("Package") == "apt") return false;
  return stanza.field("Essential") == "yes" || stanza.field("Priority") == "required";
}

std::vector<std::string> provided_names(const Stanza& stanza) {
  std::vector<std::string> names;
  for (const std::string& part : support::split(stanza.field("Provides"), ',')) {
    const std::string provided = support::trim(part);
    if (!provided.empty()) names.push_back(provided.substr(0, provided.find_first_of(" (:")));
  }
  return names;
}

std::string installed_stanza(const Stanza& listed, const std::string& version) {
  std::string text =
      "Package: " + listed.field("Package") + "\nStatus: install ok installed\nVersion: " + version + "\n";
  // All that apt hashes: with less, a listed package of the same version counts as another one.
  for (const char* name :
       {"Architecture", "Multi-Arch", "Essential", "Priority", "Installed-Size", "Provides", "Pre-Depends", "Depends",
        "Recommends", "Suggests", "Enhances", "Conflicts", "Breaks", "Replaces"}) {
    const std::string value = listed.field(name);
    if (!value.empty()) text += std::string(name) + ": " + value + "\n";
  }
  return text + "Maintainer: x\nDescription: x\n\n";
}

ResolvedDeb to_deb(const Stanza& listed, const std::string& suite) {
  ResolvedDeb deb;
  deb.name = listed.field("Package");
  deb.version = listed.field("Version");
  deb.architecture = listed.field("Architecture");
  deb.suite = suite;
  deb.filename = listed.field("Filename");
  if (support::starts_with(deb.filename, "./")) deb.filename = deb.filename.substr(2);
  deb.sha256 = listed.field("SHA256");
  deb.size = std::strtoull(listed.field("Size").c_str(), nullptr, 10);
  return deb;
}

std::string suite_of_list(const std::string& filename) {
  if (!support::ends_with(filename, "_Packages")) return {};
  const std::string mark = "_dists_";
  const std::size_t start = filename.find(mark);
  if (start == std::string::npos) return kFolderSuite;
  const std::size_t suite = start + mark.size();
  return filename.substr(suite, filename.find('_', suite) - suite);
}

std::vector<std::string> printed_uris(const std::string& out) {
  std::vector<std::string> uris;
  for (const std::string& line : support::split(out, '\n')) {
    const std::size_t end = line.find('\'', 1);
    if (!line.empty() && line.front() == '\'' && end != std::string::npos)
      uris.push_back(support::percent_decoded(line.substr(1, end - 1)));
  }
  return uris;
}

std::string url_path(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '.' || c == '-' || c == '_') {
      out += c;
    } else {
      std::array<char, 4> code{};
      std::snprintf(code.data(), code.size(), "%%%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += code.data();
    }
  }
  return out;
}

bool is_package_name(const std::string& name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  return name.size() >= 2 && std::all_of(name.begin(), name.end(), plain) &&
         std::isalnum(static_cast<unsigned char>(name[0])) != 0 && name.back() != '-';
}

}  // namespace envforge::packages
