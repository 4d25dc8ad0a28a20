// The parts of a recipe that are read apart from its top level; private to the readers.
#pragma once

#include <envforge/documents/recipe_yaml.hpp>

#include "yaml_map.hpp"

namespace envforge::documents {

/// The value of `target`: a list of pools, the name of a fleet file, or the word `site`.
std::vector<Pool> read_target(const YamlNode& node, const FleetLoader& load);
/// Fills the spec and the hashes.
void read_packages(const YamlNode& node, const FleetLoader& load, Recipe& recipe);
std::vector<BuildWish> read_build(const YamlNode& node, const std::vector<Pool>& pools);
/// Throws Error{kDuplicateKey} for a package that is built and also asked for elsewhere.
void check_built_once(const ImageSpec& spec);
/// Variables of an environment, each name passing `check_name`.
std::map<std::string, std::string> read_variables(const YamlNode& node, Checked (*check_name)(std::string_view));
std::vector<Located<std::string>> read_tags(const YamlNode& node);
RunSpec read_run(const YamlNode& node);
VerifySpec read_verify(const YamlNode& node);
std::uint64_t read_bytes(const YamlNode& node, const std::string& what);

/// The content of a companion file; an Error at `where` when there is no loader.
Companion load_companion(const FleetLoader& load, CompanionKind kind, const std::string& name,
                         const support::Where& where);

}  // namespace envforge::documents
