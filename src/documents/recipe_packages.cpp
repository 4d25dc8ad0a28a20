#include <algorithm>
#include <iterator>

#include <envforge/documents/pyproject.hpp>
#include <envforge/versions/package_name.hpp>

#include "recipe_parts.hpp"
#include "requirement_lines.hpp"

namespace envforge::documents {
using support::Error;
using support::ErrorCode;

std::vector<Located<std::string>> read_requirements(const std::string& text, const std::string& file,
                                                    std::vector<RequirementHashes>* hashes) {
  const YamlLimits limits;
  std::vector<Located<std::string>> out;
  for (auto& line : requirement_lines(text, file)) {
    if (is_torch_of_other_systems(line.text)) continue;
    accept(check_requirement(line.text), line.where);
    if (out.size() >= limits.items)
      throw Error(ErrorCode::kDocumentLimit, "more than " + std::to_string(limits.items) + " requirements", line.where);
    if (hashes != nullptr && !line.hashes.empty())
      hashes->push_back({versions::requirement_name(line.text), std::move(line.hashes), line.where});
    out.push_back({std::move(line.text), std::move(line.where)});
  }
  return out;
}

void read_packages(const YamlNode& node, const FleetLoader& load, Recipe& recipe) {
  ImageSpec& spec = recipe.spec;
  const YamlMap map(node, "'packages'", {"apt", "pip", "requirements", "pyproject", "build", "exclude_newer"});
  if (const YamlNode* apt = map.find("apt")) spec.apt = texts_of(*apt, "apt", check_apt);
  if (const YamlNode* pip = map.find("pip")) spec.pip = texts_of(*pip, "pip", check_pip_entry);
  const auto companion = [&](const YamlNode& named, const char* key, CompanionKind kind) {
    const std::string& name = text_of(named, key);
    accept(check_relative_path(name, key), named.where);
    return load_companion(load, kind, name, named.where);
  };
  const auto add = [&](std::vector<Located<std::string>> requirements) {
    std::move(requirements.begin(), requirements.end(), std::back_inserter(spec.pip));
  };
  if (const YamlNode* named = map.find("requirements")) {
    const Companion file = companion(*named, "requirements", CompanionKind::kRequirements);
    add(read_requirements(file.text, file.file, &recipe.hashes));
  }
  if (const YamlNode* named = map.find("pyproject")) {
    const Companion file = companion(*named, "pyproject", CompanionKind::kPyproject);
    add(read_pyproject(file.text, file.file).dependencies);
  }
  if (const YamlNode* build = map.find("build")) spec.build = read_build(*build, spec.pools);
  check_built_once(spec);
  if (const YamlNode* newest = map.find("exclude_newer")) {
    spec.exclude_newer = text_of(*newest, "exclude_newer");
    accept(check_exclude_newer(spec.exclude_newer), newest->where);
  }
}

}  // namespace envforge::documents
