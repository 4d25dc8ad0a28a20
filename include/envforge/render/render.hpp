// From a lock to everything that `docker build` needs. Pure: same lock and platform, same result. Used by app, which
// writes the files, fetches what the references name, and builds. Knows no engine, no network and no file on disk.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <envforge/documents/lock.hpp>
#include <envforge/render/dockerfile.hpp>

namespace envforge::render {

/// Targets of the rendered Dockerfile. The image is its last stage, so a plain `docker build` makes it.
inline constexpr std::string_view kImageTarget = "image";
inline constexpr std::string_view kCheckTarget = "envforge-check";             // leaves by --output: kCheckFile
inline constexpr std::string_view kTorchGroupTarget = "envforge-torch-group";  // leaves by --output: kTorchGroupFile
inline constexpr std::string_view kDevelTarget = "envforge-devel";
inline constexpr std::string_view kBuiltTarget = "envforge-built-wheel";  // leaves by --output: kBuiltFile and a wheel
inline constexpr std::string_view kBuiltFile = "built.json";
inline constexpr std::string_view kCheckFile = "installed.json";
inline constexpr std::string_view kTorchGroupFile = "envforge-group-torch";

/// Secrets that a build may be given, as files. Nothing of them stays in a layer or in the history.
inline constexpr std::string_view kCaBundleSecret = "ca_bundle";   // PEM
inline constexpr std::string_view kSiteSecret = "site";            // lines, see site_secret()
inline constexpr std::string_view kGitSecret = "git_credentials";  // lines https://USER:TOKEN@HOST

/// A file whose bytes are known here.
struct ContextFile {
  std::string path;  // below the context
  std::string content;
  bool executable = false;
  friend bool operator==(const ContextFile&, const ContextFile&) = default;
};

/// What the caller has to put at `path` below the context.
struct ContextReference {
  struct BaseTar {
    std::string sha256;  // hex
    friend bool operator==(const BaseTar&, const BaseTar&) = default;
  };
  struct Deb {
    documents::LockedDeb deb;
    friend bool operator==(const Deb&, const Deb&) = default;
  };
  /// The program inside the wheel, executable.
  struct Uv {
    documents::LockedWheel wheel;
    friend bool operator==(const Uv&, const Uv&) = default;
  };
  /// A wheel of a folder; those of an index are fetched by the build itself.
  struct Wheel {
    documents::LockedWheel wheel;
    friend bool operator==(const Wheel&, const Wheel&) = default;
  };
  /// `path` is a folder: it gets the content of `from` if that is a folder, else the file itself under its own name.
  struct CopySource {
    std::string from;  // relative to the recipe's folder
    friend bool operator==(const CopySource&, const CopySource&) = default;
  };

  /// The layer that an archive of Python becomes: its files below archived_python().
  struct Python {
    documents::PythonArchive archive;
    bool headers = false;  // something is compiled against it
    friend bool operator==(const Python&, const Python&) = default;
  };

  std::string path;
  std::variant<BaseTar, Deb, Uv, Wheel, CopySource, Python> what;
  bool only_for_torch_group = false;  // not needed unless kTorchGroupTarget is built
  friend bool operator==(const ContextReference&, const ContextReference&) = default;
};

/// Where a Python that the base does not have lies in an image: "/opt/python-3.13t".
std::string archived_python(const documents::LockedPlatform& platform);

/// How the validator's torch group is compiled against the image's torch. Its sources lie below validator/ of the
/// context.
struct TorchGroupSources {
  /// Below validator/: called with the virtual environment, the sources' folder and the folder for kTorchGroupFile.
  std::string build_script;  // "" = the Dockerfile gets no target kTorchGroupTarget
  friend bool operator==(const TorchGroupSources&, const TorchGroupSources&) = default;
};

struct RenderedImage {
  Dockerfile tree;
  std::string dockerfile;                    // print(tree); also in `files`
  std::vector<ContextFile> files;            // sorted by path
  std::vector<ContextReference> references;  // sorted by path
};

/// `platform` is a key of lock.platforms. Throws Error{kUnprintableValue} for a value of the recipe that has no place
/// in a Dockerfile, Error{kInternal} for a platform that the lock does not have.
RenderedImage render(const documents::Lock& lock, const std::string& platform,
                     const TorchGroupSources& torch_group = {});

/// The image's environment with compilers, build tools and the sources of the platform's builds: its last stage is
/// kDevelTarget. Nothing of a source is run here. Throws as render() does.
RenderedImage render_devel(const documents::Lock& lock, const std::string& platform);

/// The Dockerfile that builds one source in an image that render_devel() made, to be run without a network:
/// kBuiltTarget leaves by --output with kBuiltFile and the wheel. `wheels` are files of the context that the build
/// needs.
std::string render_wheel_build(const std::string& devel_image, const documents::LockedPlatform& locked,
                               const documents::LockedBuild& build, const std::vector<std::string>& wheels = {});

/// What a site may say about its network to a build.
struct SiteNetwork {
  struct Mirror {
    std::string index;   // as the lock names it
    std::string mirror;  // may hold a user and a password
    friend bool operator==(const Mirror&, const Mirror&) = default;
  };
  std::vector<Mirror> mirrors;
  std::string http_proxy, https_proxy, no_proxy;
  friend bool operator==(const SiteNetwork&, const SiteNetwork&) = default;
};

/// The content of the secret kSiteSecret. Throws Error{kUnprintableValue} for blanks or newlines in a value.
std::string site_secret(const SiteNetwork& site);

}  // namespace envforge::render
