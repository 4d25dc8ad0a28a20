// Reads recipes and fleet files: YAML text to a valid value, or an Error that says file:line:column, what was expected
// and the next step. Used by app and cli. Opens no file: what a recipe names comes through a callback.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <envforge/documents/recipe.hpp>

namespace envforge::documents {

enum class CompanionKind {
  kFleet,         // `target: fleet.yaml`: relative to the recipe's folder
  kSiteFleet,     // `target: site`: the fleet file of the site configuration; the name is empty
  kRequirements,  // `requirements: requirements.txt`: relative to the recipe's folder
  kPyproject,     // `pyproject: pyproject.toml`: relative to the recipe's folder
};

struct Companion {
  std::string file;  // the name that errors show
  std::string text;
};

/// Gives the content of a file that the recipe names; throws an Error if it cannot. The name was checked: relative,
/// no "..", ordinary characters. A symbolic link out of the recipe's folder is for the loader to refuse.
using FleetLoader = std::function<Companion(CompanionKind kind, const std::string& name)>;

/// `file` is the name that errors show. Throws support::Error with an EF30xx code, nothing else.
Recipe read_recipe(const std::string& yaml_text, const std::string& file, const FleetLoader& load = {});

/// The pools of a fleet file (schema envforge/fleet/v1).
std::vector<Pool> read_fleet(const std::string& yaml_text, const std::string& file);

/// The requirements of a requirements.txt: names with versions only; options, URLs and paths are refused. `hashes` gets
/// those of the lines that have some.
std::vector<Located<std::string>> read_requirements(const std::string& text, const std::string& file,
                                                    std::vector<RequirementHashes>* hashes = nullptr);

/// The words that may stand in braces in a tag: torch, cuda, base, python.
const std::vector<std::string>& tag_fields();
/// "{torch}-cuda{cuda}-{base}" with `values` put in; ':' of a value is left out (debian:12 gives debian12). Throws
/// Error{kBadName, kRefusedTag, kWrongValue} unless the result is a tag that may be given.
std::string expand_tag(const Located<std::string>& tag, const std::map<std::string, std::string>& values);

}  // namespace envforge::documents
