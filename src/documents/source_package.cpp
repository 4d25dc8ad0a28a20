#include <envforge/documents/source_package.hpp>

#include <algorithm>
#include <array>

#include <envforge/support/error.hpp>
#include <envforge/versions/package_name.hpp>

#include "grammar_text.hpp"

namespace envforge::documents {
namespace {

using grammar::alnum;
using grammar::hex_lower;
using grammar::only;
using grammar::refusal;
using support::ErrorCode;

constexpr std::string_view kGit = "git+";
constexpr std::string_view kSubdirectory = "#subdirectory=";
constexpr std::size_t kCommitDigits = 40;

// "NAME @ ADDRESS" in its two halves; the address is "" where there is none.
std::pair<std::string_view, std::string_view> halves(std::string_view source) {
  const auto at = source.find('@');
  if (at == std::string_view::npos) return {source, ""};
  auto name = source.substr(0, at), address = source.substr(at + 1);
  while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
  while (!address.empty() && address.front() == ' ') address.remove_prefix(1);
  return {name, address};
}

// https://HOST/PATH, COMMIT and PATH of what stands behind "git+"; an absent part is "".
struct GitParts {
  std::string_view url, revision, subdirectory, rest;
};
GitParts git_parts(std::string_view address) {
  GitParts parts;
  address.remove_prefix(kGit.size());
  const auto fragment = address.find('#');
  if (fragment != std::string_view::npos) {
    parts.rest = address.substr(fragment);
    if (support::starts_with(parts.rest, kSubdirectory)) parts.subdirectory = parts.rest.substr(kSubdirectory.size());
    address = address.substr(0, fragment);
  }
  // A user's name before the host has an '@' too.
  const auto scheme = address.find("://");
  const auto path = scheme == std::string_view::npos ? scheme : address.find('/', scheme + 3);
  const auto at = path == std::string_view::npos ? path : address.find('@', path);
  parts.url = address.substr(0, at);
  if (at != std::string_view::npos) parts.revision = address.substr(at + 1);
  return parts;
}

bool is_commit(std::string_view revision) {
  return revision.size() == kCommitDigits && only(revision, hex_lower);
}

Checked refuse(std::string_view source, std::string_view why, std::string hint = {}) {
  return refusal(ErrorCode::kBadRequirement, "source", source, why, std::move(hint));
}

Checked check_name(std::string_view source, std::string_view name) {
  if (check_python_name(name)) {
    return refuse(source, "expected the project's name before '@'",
                  "such as NAME @ git+https://HOST/PATH@COMMIT; extras of it stand under packages.pip");
  }
  const std::string project = versions::normal_name(name);
  if (project != "torch" && project != "torchvision" && project != "torchaudio") return std::nullopt;
  return refuse(source, "the torch family is decided under `torch`, together with CUDA and the target",
                "write its version under `torch`");
}

Checked check_local(std::string_view source, std::string_view path) {
  if (auto refused = check_relative_path(path, "build")) return refused;
  const auto file = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  if (support::ends_with(file, ".whl")) {
    return refuse(source, "a wheel needs no build", "put it into the wheel folder (--wheels) and name it under pip");
  }
  return std::nullopt;
}

}  // namespace

Checked check_git_source(std::string_view source) {
  const auto [name, address] = halves(source);
  if (!support::starts_with(address, kGit)) {
    return refuse(source,
                  support::starts_with(source, kGit)
                      ? "a repository needs the package's name before it: NAME @ git+https://HOST/PATH@COMMIT"
                      : "expected NAME @ git+https://HOST/PATH@COMMIT: git is the one version control system",
                  "such as own-lib @ git+https://git.example.com/own-lib@ and the 40 digits of the commit");
  }
  if (auto refused = check_name(source, name)) return refused;
  const GitParts parts = git_parts(address);
  if (const auto refused = check_url(parts.url, "repository")) {
    return refuse(source, "the address of the repository: " + refused->message,
                  "https://HOST/PATH; what a private one asks for stands in the file that the site configuration names "
                  "as git_credentials");
  }
  if (!is_commit(parts.revision)) {
    return refuse(source,
                  parts.revision.empty()
                      ? "no commit is named, and what the repository holds tomorrow may be something "
                        "else"
                      : "a branch, a tag or a short name of a commit may be something else tomorrow",
                  "name the commit by its 40 digits; `git ls-remote " + std::string(parts.url) + " " +
                      (parts.revision.empty() ? "HEAD" : std::string(parts.revision)) + "` gives them");
  }
  if (!parts.rest.empty() && parts.subdirectory.empty())
    return refuse(source, "behind the commit only #subdirectory=PATH may stand");
  if (!parts.subdirectory.empty()) return check_relative_path(parts.subdirectory, "subdirectory");
  return std::nullopt;
}

Checked check_build_source(std::string_view source) {
  constexpr std::size_t kLongest = 512;
  if (source.size() > kLongest) return refuse(source, "longer than 512 characters");
  const auto [name, address] = halves(source);
  if (support::starts_with(address, "./")) {
    if (auto refused = check_name(source, name)) return refused;
    return check_local(source, address.substr(2));
  }
  if (!address.empty()) return check_git_source(source);
  const auto equals = name.find("==");
  const auto version = equals == std::string_view::npos ? "" : name.substr(equals + 2);
  if (version.empty() || !grammar::digit(version.front()) || !only(version, alnum, ".+!_-")) {
    return refuse(source, "expected NAME==VERSION, NAME @ ./PATH or NAME @ git+https://HOST/PATH@COMMIT",
                  "such as flash-attn==2.8.3");
  }
  return check_name(source, name.substr(0, equals));
}

Checked check_build_need(std::string_view requirement) {
  if (auto refused = check_pip_entry(requirement)) return refused;
  if (requirement.find('@') == std::string_view::npos) return std::nullopt;
  return refusal(ErrorCode::kBadRequirement, "requirement", requirement, "what a build needs comes from an index",
                 "write it as NAME>=VERSION");
}

bool is_cuda_source(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"causal-conv1d", "flash-attn",   "mamba-ssm",        "torch-cluster",
                                                   "torch-scatter", "torch-sparse", "torch-spline-conv"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

bool is_git_requirement(std::string_view requirement) {
  return support::starts_with(halves(requirement).second, kGit);
}

SourceAddress parse_source(const std::string& source) {
  if (check_build_source(source))
    throw support::Error(ErrorCode::kInternal, "'" + support::printable(source) + "' is no source of a package");
  const auto [name, address] = halves(source);
  SourceAddress out;
  if (address.empty()) {
    const auto equals = name.find("==");
    out.name = versions::normal_name(name.substr(0, equals));
    out.version = std::string(name.substr(equals + 2));
    return out;
  }
  out.name = versions::normal_name(name);
  if (support::starts_with(address, kGit)) {
    const GitParts parts = git_parts(address);
    out.kind = SourceKind::kGit;
    out.url = std::string(parts.url);
    out.commit = std::string(parts.revision);
    out.subdirectory = std::string(parts.subdirectory);
  } else {
    out.kind = SourceKind::kLocal;
    out.path = std::string(address.substr(2));
  }
  return out;
}

}  // namespace envforge::documents
