#include <envforge/documents/pyproject.hpp>

#include <envforge/support/secrets.hpp>
#include <envforge/support/text.hpp>

#include "pyproject_sources.hpp"
#include "pyproject_toml.hpp"
#include "yaml_map.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

void refuse_other_forms(const toml::Value& document, const std::string& file) {
  for (const auto& name : texts_at(document, "project.dynamic")) {
    if (name.value != "dependencies") continue;
    throw Error(ErrorCode::kWrongValue,
                "the dependencies are dynamic: only a build of the project knows them, and no code is run here",
                name.where, "write them into [project] dependencies, or name a requirements file in the recipe");
  }
  const toml::Value* poetry = document.at("tool.poetry.dependencies");
  if (poetry != nullptr && document.at("project.dependencies") == nullptr) {
    throw Error(ErrorCode::kWrongValue,
                "the dependencies stand in Poetry's own table; expected [project] dependencies (PEP 621)",
                poetry->where, "`poetry export -o requirements.txt` makes a file that a recipe reads");
  }
  if (document.find("project") == nullptr) {
    throw Error(ErrorCode::kMissingKey, "there is no table [project], whose dependencies are read",
                support::Where{file, 0, 0, {}});
  }
}

void refuse_other_indexes(const std::vector<PackageIndex>& indexes) {
  for (const auto& index : indexes) {
    if (index.named_only || of_pytorch(index.url)) continue;
    throw Error(ErrorCode::kWrongValue,
                "any package may come from " + support::printable(support::mask_credentials(index.url)) + " (" +
                    index.key + "), and a recipe would take PyPI's of the same name",
                index.where,
                "name the packages under packages.pip or in a requirements file, and the index with those that it "
                "serves under `indexes` of the site configuration (docs/configuration.md)");
  }
}

// A commit of git is as exact here as there; every other place is refused, for its package is not PyPI's.
void take_source(const PackageSource& source, Located<std::string>& dependency) {
  const std::string commit = as_commit(source, dependency.value);
  if (commit.empty()) {
    throw Error(
        ErrorCode::kBadRequirement, not_from_pypi(source), source.where,
        "name the packages under packages.pip or in a requirements file instead of `pyproject`; " + way_out(source));
  }
  dependency.value = commit;
}

std::vector<Located<std::string>> optional_groups(const toml::Value& document) {
  std::vector<Located<std::string>> out;
  const toml::Value* groups = document.at("project.optional-dependencies");
  if (groups == nullptr) return out;
  for (const auto& [name, group] : groups->members) out.push_back({name, group.where});
  return out;
}

}  // namespace

toml::Value parse_pyproject(const std::string& text, const std::string& file) {
  check_document(text, file);
  return toml::parse(text, file, ErrorCode::kRecipeSyntax);
}

std::vector<Located<std::string>> texts_at(const toml::Value& document, const std::string& path) {
  std::vector<Located<std::string>> out;
  const toml::Value* value = document.at(path);
  if (value == nullptr) return out;
  for (const toml::Value* text : value->strings()) out.push_back({text->text, text->where});
  return out;
}

Pyproject read_pyproject(const std::string& text, const std::string& file) {
  const toml::Value document = parse_pyproject(text, file);
  refuse_other_forms(document, file);
  const auto sources = package_sources(document);
  const auto indexes = package_indexes(document);
  refuse_other_indexes(indexes);
  Pyproject out;
  const YamlLimits limits;
  for (auto& dependency : texts_at(document, "project.dependencies")) {
    dependency.value = support::trim(dependency.value);
    if (is_torch_of_other_systems(dependency.value)) continue;
    accept(check_requirement(dependency.value), dependency.where);
    const auto* source = source_of(sources, dependency.value);
    // PyTorch's own index says the CUDA variant, which `torch` in the recipe decides.
    if (source != nullptr && !from_pytorch(source->name, sources, indexes)) take_source(*source, dependency);
    if (out.dependencies.size() >= limits.items)
      throw Error(ErrorCode::kDocumentLimit, "more than " + std::to_string(limits.items) + " requirements",
                  dependency.where);
    out.dependencies.push_back(std::move(dependency));
  }
  const auto python = texts_at(document, "project.requires-python");
  if (!python.empty()) out.requires_python = python.front();
  out.optional_groups = optional_groups(document);
  return out;
}

}  // namespace envforge::documents
