#include <envforge/documents/import_environment.hpp>

#include <envforge/documents/pyproject.hpp>
#include <envforge/support/text.hpp>

#include "import_lines.hpp"
#include "poetry_dependencies.hpp"
#include "pyproject_sources.hpp"
#include "pyproject_toml.hpp"
#include "recipe_yaml_tree.hpp"
#include "requirement_lines.hpp"
#include "yaml_map.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;
using support::Where;

Imported import_requirements(const std::string& text, const std::string& file) {
  Imported out;
  bool had_hashes = false;
  for (const auto& line : requirement_lines(text, file)) {
    had_hashes = had_hashes || !line.hashes.empty();
    import_line(line.text, line.where, out);
  }
  if (had_hashes) drop(out, "--hash", {file, 0, 0, {}}, "the lock has hashes of its own for every wheel");
  return out;
}

// A name that is not meant as PyPI's must not become PyPI's.
void import_from_source(const std::string& requirement, const PackageSource& source, Imported& out) {
  const std::string what = source.key + "." + source.name + " " + source.from;
  if (source.name == "torch") out.names_torch = true;
  const std::string commit = as_commit(source, requirement);
  if (commit.empty()) return drop(out, what, source.where, not_from_pypi(source) + "; " + way_out(source));
  remark(out, what, source.where, "became " + commit);
  import_requirement(commit, source.where, out);
}

void import_variant(const std::string& name, const std::vector<PackageSource>& sources,
                    const std::vector<PackageIndex>& indexes, Imported& out) {
  for (const auto& source : sources) {
    const std::string address = address_of(source, indexes);
    if (source.name != name || address.find("/whl/cu") == std::string::npos) continue;
    return import_index(source.key + "." + name + " " + address, source.where, out);
  }
}

// Poetry's own, where there is no [project] list.
std::vector<Located<std::string>> from_poetry(const toml::Value& document, Imported& out) {
  std::vector<Located<std::string>> requirements;
  for (const PoetryDependency& one : poetry_dependencies(document)) {
    const std::string what = "tool.poetry.dependencies." + one.name;
    if (one.why_not.empty() && one.name != "python") requirements.push_back({one.requirement, one.where});
    if (one.why_not.empty() && one.name == "python") out.python = one.specifier;
    if (one.why_not.empty()) continue;
    drop(out, what, one.where, one.why_not);
    if (one.name == "torch") out.names_torch = true;
  }
  return requirements;
}

void import_dependencies(const toml::Value& document, Imported& out) {
  const auto sources = package_sources(document);
  const auto indexes = package_indexes(document);
  const bool poetry = document.at("project.dependencies") == nullptr;
  for (const auto& dependency : poetry ? from_poetry(document, out) : texts_at(document, "project.dependencies")) {
    const std::string requirement = support::trim(dependency.value);
    const auto* source = source_of(sources, requirement);
    if (source != nullptr && !from_pytorch(source->name, sources, indexes)) {
      import_from_source(requirement, *source, out);
      continue;
    }
    if (source != nullptr) import_variant(source->name, sources, indexes, out);
    import_requirement(requirement, dependency.where, out);
  }
  for (const auto& index : indexes) {
    if (!index.named_only || !of_pytorch(index.url)) import_index(index.key + " " + index.url, index.where, out);
  }
}

void note_what_is_no_dependency(const toml::Value& document, Imported& out) {
  for (const std::string key :
       {"project.optional-dependencies", "dependency-groups", "tool.poetry.group", "tool.pdm.dev-dependencies"}) {
    const toml::Value* groups = document.at(key);
    if (groups == nullptr) continue;
    for (const auto& [name, group] : groups->members)
      drop(out, key + "." + name, group.where, "optional: add what you need of it under packages.pip");
  }
  const auto note = [&](const std::string& key, const std::string& why) {
    if (const toml::Value* value = document.at(key); value != nullptr) drop(out, key, value->where, why);
  };
  note("tool.uv.dev-dependencies", "optional: add what you need of it under packages.pip");
  note("tool.uv.constraint-dependencies", "add those that must hold under packages.pip");
  note("tool.uv.override-dependencies", "the lock resolves what the packages themselves ask for");
}

Imported import_pyproject(const std::string& text, const std::string& file) {
  const toml::Value document = parse_pyproject(text, file);
  Imported out;
  import_dependencies(document, out);
  for (const char* key : {"tool.poetry.name", "project.name"}) {
    if (const auto name = texts_at(document, key); !name.empty()) out.name = name.front().value;
  }
  if (const auto python = texts_at(document, "project.requires-python"); !python.empty())
    out.python = python.front().value;
  for (const auto& word : texts_at(document, "project.dynamic")) {
    if (word.value == "dependencies")
      drop(out, "dynamic dependencies", word.where, "only a build of the project knows them");
  }
  note_what_is_no_dependency(document, out);
  return out;
}

void import_conda_list(const YamlNode& list, Imported& out) {
  for (const auto& item : list_of(list, "dependencies")) {
    if (item.kind != YamlNode::Kind::kMap) {
      import_conda_package(support::trim(text_of(item, "a dependency")), item.where, out);
      continue;
    }
    for (std::size_t i = 0; i < item.keys.size(); ++i) {
      if (item.keys[i].text != "pip") {
        out.notes.push_back({item.keys[i].text, item.keys[i].where, "only pip's list is known here", true});
        continue;
      }
      for (const auto& line : list_of(item.items[i], "pip")) {
        const std::string text = support::trim(text_of(line, "a requirement"));
        if (!text.empty()) import_line(text, line.where, out);
      }
    }
  }
}

Imported import_conda(const std::string& text, const std::string& file) {
  const YamlNode root = parse_yaml(text, file);
  map_of(root, "the environment");
  Imported out;
  bool found = false;
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    const auto& key = root.keys[i];
    if (key.text == "name") out.name = text_of(root.items[i], "name");
    if (key.text == "channels")
      out.notes.push_back({"channels", key.where, "conda's; the packages come from PyPI and Debian", true});
    if (key.text == "variables")
      out.notes.push_back({"variables", key.where, "write them under `environment`, secrets never", true});
    if (key.text != "dependencies") continue;
    found = true;
    import_conda_list(root.items[i], out);
  }
  if (!found) {
    throw Error(ErrorCode::kMissingKey, "there is no list 'dependencies': this is no environment of conda",
                Where{file, 0, 0, {}});
  }
  return out;
}

Imported read_by_name(const std::string& text, const std::string& file) {
  if (support::ends_with(file, ".toml")) return import_pyproject(text, file);
  if (support::ends_with(file, ".yml") || support::ends_with(file, ".yaml")) return import_conda(text, file);
  const std::string name = file.substr(file.rfind('/') + 1);  // npos + 1 is 0
  if (support::ends_with(name, ".txt") || support::ends_with(name, ".in") || name.find("require") != std::string::npos)
    return import_requirements(text, file);
  throw Error(ErrorCode::kWrongValue, "by its name this is none of the files that are carried over",
              Where{file, 0, 0, {}},
              "a requirements file is named *.txt or *.in; also read are *.toml (pyproject) and *.yml (conda)");
}

}  // namespace

Imported import_environment(const std::string& text, const std::string& file) {
  Imported out = read_by_name(text, file);
  const bool nothing = !out.names_torch && out.torch.empty() && out.cuda.empty() && out.python.empty() &&
                       out.include.empty() && out.pip.empty() && out.apt.empty() && out.build.empty() &&
                       out.notes.empty();
  if (nothing) {
    throw Error(ErrorCode::kWrongValue, "no package is named in it", Where{file, 0, 0, {}},
                "leave --from out for a recipe without packages");
  }
  if (!out.names_torch) remark(out, "torch", {file, 0, 0, {}}, "is not named in it: the newest that fits is taken");
  return out;
}

}  // namespace envforge::documents
