#include "pyproject_sources.hpp"

#include <algorithm>
#include <array>

#include <envforge/support/text.hpp>
#include <envforge/versions/package_name.hpp>

#include "grammar.hpp"

namespace envforge::documents {
namespace {

// https://docs.astral.sh/uv/concepts/projects/dependencies/ and
// https://python-poetry.org/docs/dependency-specification/, both 2026-11-21. Poetry calls an index "source".
constexpr std::array<std::string_view, 7> kKinds{"git", "url", "path", "file", "index", "source", "workspace"};

std::string kind_of(const toml::Value& entry) {
  for (const auto kind : kKinds) {
    if (entry.find(std::string(kind)) != nullptr) return std::string(kind);
  }
  return "";
}

void add_source(const std::string& key, const std::string& name, const toml::Value& entry,
                std::vector<PackageSource>& out) {
  const std::size_t before = out.size();
  for (const auto& one : entry.items) add_source(key, name, one, out);
  if (out.size() > before + 1) {
    for (std::size_t i = before; i < out.size(); ++i) out[i].commit.clear();
  }
  const std::string kind = kind_of(entry);
  if (kind.empty()) return;  // Poetry's plain version
  out.push_back({key, versions::normal_name(name), kind, entry.text_of(kind), entry.text_of("rev"),
                 entry.text_of("subdirectory"), entry.where});
}

bool is_pypi(std::string_view url) {
  return support::starts_with(url, "https://pypi.org/");
}

void add_index(PackageIndex index, std::vector<PackageIndex>& out) {
  // Poetry knows PyPI by its name alone.
  if (!is_pypi(index.url) && support::to_lower(index.name) != "pypi") out.push_back(std::move(index));
}

}  // namespace

std::vector<PackageSource> package_sources(const toml::Value& document) {
  std::vector<PackageSource> out;
  for (const std::string key : {"tool.uv.sources", "tool.poetry.dependencies"}) {
    const toml::Value* table = document.at(key);
    if (table == nullptr) continue;
    for (const auto& [name, entry] : table->members) add_source(key, name, entry, out);
  }
  return out;
}

const PackageSource* source_of(const std::vector<PackageSource>& sources, std::string_view requirement) {
  const std::string name = versions::requirement_name(requirement);
  const auto found =
      std::find_if(sources.begin(), sources.end(), [&](const PackageSource& one) { return one.name == name; });
  return found == sources.end() ? nullptr : &*found;
}

std::string not_from_pypi(const PackageSource& source) {
  const bool index = source.kind == "index" || source.kind == "source";
  const std::string place = index                        ? "the index '" + support::printable(source.from) + "'"
                            : source.kind == "git"       ? "git"
                            : source.kind == "workspace" ? "this workspace"
                                                         : "an address or a folder";
  return "'" + source.name + "' comes from " + place + " ([" + source.key +
         "]), and PyPI's package of that name may be another";
}

std::string way_out(const PackageSource& source) {
  if (source.kind == "git")
    return "a plain name is taken from git if its `rev` has the 40 digits of a commit and the address is https";
  if (source.kind == "url") return "name it under packages.pip: NAME @ https://HOST/FILE.whl#sha256=DIGEST";
  if (source.kind == "index" || source.kind == "source") {
    return "name it under packages.pip, and its index under `indexes` of the site configuration "
           "(docs/configuration.md)";
  }
  return "a source beside the recipe stands under packages.build: NAME @ ./PATH; a wheel in the wheel folder "
         "(--wheels)";
}

std::vector<PackageIndex> package_indexes(const toml::Value& document) {
  std::vector<PackageIndex> out;
  for (const std::string key : {"tool.uv.index", "tool.poetry.source", "tool.pdm.source"}) {
    const toml::Value* list = document.at(key);
    if (list == nullptr) continue;
    for (const auto& one : list->items) {
      const bool named_only = one.text_of("explicit") == "true" || one.text_of("priority") == "explicit" ||
                              one.find("include_packages") != nullptr;
      add_index({key, one.text_of("name"), one.text_of("url"), named_only, one.where}, out);
    }
  }
  for (const std::string key : {"tool.uv.index-url", "tool.uv.extra-index-url", "tool.uv.find-links"}) {
    const toml::Value* list = document.at(key);
    if (list == nullptr) continue;
    for (const toml::Value* url : list->strings()) add_index({key, "", url->text, false, url->where}, out);
  }
  return out;
}

std::string address_of(const PackageSource& source, const std::vector<PackageIndex>& indexes) {
  for (const auto& index : indexes) {
    if ((source.kind == "index" || source.kind == "source") && index.name == source.from) return index.url;
  }
  return source.from;
}

bool of_pytorch(std::string_view url) {
  return support::starts_with(url, "https://download.pytorch.org/whl/");
}

bool from_pytorch(const std::string& name, const std::vector<PackageSource>& sources,
                  const std::vector<PackageIndex>& indexes) {
  if (name != "torch" && name != "torchvision" && name != "torchaudio") return false;
  return std::all_of(sources.begin(), sources.end(), [&](const PackageSource& one) {
    return one.name != name || of_pytorch(address_of(one, indexes));
  });
}

std::string as_commit(const PackageSource& source, const std::string& dependency) {
  if (source.kind != "git" || dependency.find_first_of("[;@") != std::string::npos) return "";
  const std::string fragment = source.subdirectory.empty() ? "" : "#subdirectory=" + source.subdirectory;
  std::string out = source.name + " @ git+" + source.from + "@" + source.commit + fragment;
  return check_requirement(out) ? "" : out;
}

}  // namespace envforge::documents
