#include <envforge/documents/pyproject.hpp>

#include <envforge/support/text.hpp>

#include "toml_texts.hpp"
#include "yaml_map.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

std::vector<Located<std::string>> texts_at(const TomlTexts& toml, const std::string& key) {
  const auto found = toml.texts.find(key);
  return found == toml.texts.end() ? std::vector<Located<std::string>>() : found->second;
}

void refuse_other_forms(const TomlTexts& toml, const std::string& file) {
  for (const auto& name : texts_at(toml, "project.dynamic")) {
    if (name.value != "dependencies") continue;
    throw Error(ErrorCode::kWrongValue,
                "the dependencies are dynamic: only a build of the project knows them, and no code is run here",
                name.where, "write them into [project] dependencies, or name a requirements file in the recipe");
  }
  const auto poetry = toml.tables.find("tool.poetry.dependencies");
  if (poetry != toml.tables.end() && toml.tables.count("project.dependencies") == 0) {
    throw Error(ErrorCode::kWrongValue,
                "the dependencies stand in Poetry's own table; expected [project] dependencies (PEP 621)",
                poetry->second, "`poetry export -o requirements.txt` makes a file that a recipe reads");
  }
  if (toml.tables.count("project") == 0 && toml.tables.count("project.dependencies") == 0) {
    throw Error(ErrorCode::kMissingKey, "there is no table [project], whose dependencies are read",
                support::Where{file, 0, 0, {}});
  }
}

}  // namespace

Pyproject read_pyproject(const std::string& text, const std::string& file) {
  const TomlTexts toml = read_toml_texts(text, file);
  refuse_other_forms(toml, file);
  Pyproject out;
  const YamlLimits limits;
  for (auto& dependency : texts_at(toml, "project.dependencies")) {
    dependency.value = support::trim(dependency.value);
    accept(check_requirement(dependency.value), dependency.where);
    if (out.dependencies.size() >= limits.items)
      throw Error(ErrorCode::kDocumentLimit, "more than " + std::to_string(limits.items) + " requirements",
                  dependency.where);
    out.dependencies.push_back(std::move(dependency));
  }
  const auto python = texts_at(toml, "project.requires-python");
  if (!python.empty()) out.requires_python = python.front();
  const std::string groups = "project.optional-dependencies.";
  for (const auto& [key, where] : toml.tables) {
    if (support::starts_with(key, groups)) out.optional_groups.push_back({key.substr(groups.size()), where});
  }
  return out;
}

}  // namespace envforge::documents
