// What apt reads and writes, as text: its configuration, sources, the status of what is installed, package lists, the
// answer to `install --print-uris`. Pure, except that lists are read from a stream. Used by AptDebSource.
#pragma once

#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/packages/deb_source.hpp>

namespace envforge::packages {

/// What a lock names as the suite of a .deb that comes from a folder.
inline constexpr const char* kFolderSuite = "folder";

struct Distribution {
  std::string codename;  // bookworm
  std::vector<std::string> components;
  std::string mirror, security_mirror;
  std::vector<std::string> keyrings;  // file names, in the order of preference
  std::string keyring_package;
};

/// Throws Error{kInternal} for a base that no data row has.
Distribution distribution_of(const std::string& base, const std::string& architecture);
/// The mirror that serves `suite`, without a slash at the end; the site's if it names one.
std::string mirror_of(const DebMirror& mirror, const std::string& suite);

/// apt.conf: every folder below `folder`, nothing of the host.
std::string apt_configuration(const DebMirror& mirror, const std::string& folder);
std::string apt_sources(const DebMirror& mirror, const std::string& keyring);
/// Keeps the versions of an older lock where the mirror still has them.
std::string apt_preferences(const std::vector<ResolvedDeb>& preferred);

/// One paragraph of a Packages file or a control file.
struct Stanza {
  std::string text;  // each line ends with a newline
  /// The first line of the field, or "".
  std::string field(std::string_view name) const;
};
void read_stanzas(std::istream& in, const std::function<void(const Stanza&)>& each);

/// Essential, or of the priority "required"; apt itself is left out.
bool is_of_the_base(const Stanza& stanza);
/// The names of a "Provides: a, b (= 1)" field.
std::vector<std::string> provided_names(const Stanza& stanza);
/// The paragraph for dpkg's status file.
std::string installed_stanza(const Stanza& listed, const std::string& version);
ResolvedDeb to_deb(const Stanza& listed, const std::string& suite);

/// bookworm-security, out of mirror.example_debian-security_dists_bookworm-security_main_binary-amd64_Packages; "" for
/// another file.
std::string suite_of_list(const std::string& filename);
/// The addresses of `apt-get install --print-uris`, percent-decoded.
std::vector<std::string> printed_uris(const std::string& out);
/// Percent-encodes what is not plain in the path of a URL.
std::string url_path(const std::string& path);
bool is_package_name(const std::string& name);

}  // namespace envforge::packages
