#include <algorithm>
#include <iterator>

#include <envforge/documents/pyproject.hpp>
#include <envforge/support/text.hpp>

#include "recipe_parts.hpp"
#include "text_safety.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;
using support::Where;

// "name >=1  # why" without its comment: a '#' at the start or after a space.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return line.substr(0, i);
  }
  return line;
}

}  // namespace

std::vector<Located<std::string>> read_requirements(const std::string& text, const std::string& file) {
  const YamlLimits limits;
  if (text.size() > limits.bytes) {
    throw Error(ErrorCode::kDocumentLimit,
                std::to_string(text.size()) + " bytes; expected at most " + std::to_string(limits.bytes),
                Where{file, 0, 0, {}});
  }
  std::vector<Located<std::string>> out;
  int number = 0;
  for (const auto& line : support::split(text, '\n')) {
    ++number;
    const auto first = line.find_first_not_of(" \t\r");
    const Where where{file, number, static_cast<int>(first == std::string::npos ? 1 : first + 1), {}};
    if (const auto unsafe = find_unsafe(line, TextKind::kDocument)) {
      throw Error(ErrorCode::kUnsafeText, "the line holds " + unsafe->name,
                  Where{file, number, static_cast<int>(unsafe->offset) + 1, {}});
    }
    const std::string requirement = support::trim(without_comment(line));
    if (requirement.empty()) continue;
    if (requirement.back() == '\\') {
      throw Error(ErrorCode::kBadRequirement,
                  "a requirement that goes on in the next line; expected one requirement a line", where,
                  "hashes are not needed here: the lock holds its own");
    }
    accept(check_requirement(requirement), where);
    if (out.size() >= limits.items)
      throw Error(ErrorCode::kDocumentLimit, "more than " + std::to_string(limits.items) + " requirements", where);
    out.push_back({requirement, where});
  }
  return out;
}

void read_packages(const YamlNode& node, const FleetLoader& load, ImageSpec& spec) {
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
    add(read_requirements(file.text, file.file));
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
