// Where another tool would take a project's packages from than PyPI, as its tables in a pyproject.toml say: a name that
// is meant to come from git or from an index of one's own may be a stranger's on PyPI.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <envforge/toml/toml.hpp>

namespace envforge::documents {

/// A package, and where it comes from: an entry of [tool.uv.sources], or of Poetry's own dependencies beside [project].
struct PackageSource {
  std::string key;     // "tool.uv.sources"
  std::string name;    // normal, as versions::normal_name gives it
  std::string kind;    // "git", "index", "url", ...
  std::string from;    // address, path or index's name
  std::string commit;  // of git, whatever stands there as rev; "" = none, or several sources
  std::string subdirectory;
  support::Where where;
};
/// In the order of the file's names; an entry with several places (by markers) gives one each.
std::vector<PackageSource> package_sources(const toml::Value& document);

/// The first one of the package that `requirement` names; nullptr: PyPI's.
const PackageSource* source_of(const std::vector<PackageSource>& sources, std::string_view requirement);
/// "'mylib' comes from git ([tool.uv.sources]), and PyPI's package of that name may be another", and what to do.
std::string not_from_pypi(const PackageSource& source);
std::string way_out(const PackageSource& source);

/// An index beside PyPI: [[tool.uv.index]], uv's lists of addresses, [[tool.poetry.source]], [[tool.pdm.source]].
struct PackageIndex {
  std::string key;   // "tool.uv.index"
  std::string name;  // "" = none
  std::string url;
  bool named_only = false;  // it serves only packages that name it
  support::Where where;
};
/// Without PyPI itself.
std::vector<PackageIndex> package_indexes(const toml::Value& document);

/// The address of the index that `source` names; else its own.
std::string address_of(const PackageSource& source, const std::vector<PackageIndex>& indexes);
/// One of PyTorch's own indexes: for the torch family it says no more than the CUDA variant.
bool of_pytorch(std::string_view url);
/// A package of the torch family of which every source is such an index.
bool from_pytorch(const std::string& name, const std::vector<PackageSource>& sources,
                  const std::vector<PackageIndex>& indexes);
/// "mylib @ git+https://HOST/PATH@COMMIT" for a plain `dependency` that git serves at a commit, else "".
std::string as_commit(const PackageSource& source, const std::string& dependency);

}  // namespace envforge::documents
