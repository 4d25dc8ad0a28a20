// A package that is not taken as a wheel but built from its source: an sdist of an index, files beside the recipe, or a
// commit of a repository. Used by the recipe and lock readers, by app, which finds the sources, and by render, which
// says how they get into the stage that compiles them. Fetches nothing.
#pragma once

#include <string>
#include <string_view>

namespace envforge::documents {

enum class SourceKind {
  kSdist,  // NAME==VERSION
  kLocal,  // NAME @ ./PATH: a folder or an archive beside the recipe
  kGit,    // NAME @ git+https://HOST/PATH@COMMIT#subdirectory=PATH
};

struct SourceAddress {
  SourceKind kind = SourceKind::kSdist;
  std::string name;          // as PyPI normalises it
  std::string version;       // kSdist
  std::string path;          // kLocal, without "./"
  std::string url, commit;   // kGit: https://HOST/PATH and 40 hex digits
  std::string subdirectory;  // kGit: "" = the repository's own
  friend bool operator==(const SourceAddress&, const SourceAddress&) = default;
};

/// The parts of a source that the recipe reader accepted. Throws Error{kInternal} for any other text.
SourceAddress parse_source(const std::string& source);

/// Whether the package (a normal name) is known as one of CUDA code of which PyPI has no wheel, in no version: `uv pip
/// compile --no-deps --only-binary :all:` of each, for Python 3.11 and manylinux_2_28_x86_64, 2026-11-21.
bool is_cuda_source(std::string_view name);

/// Whether a requirement names a commit of a repository, and so is built instead of resolved.
bool is_git_requirement(std::string_view requirement);

}  // namespace envforge::documents
