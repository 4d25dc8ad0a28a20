// What a pyproject.toml says of the packages that a project needs: the table [project] of PEP 621. Used by the recipe's
// reader and by `init --from`. Opens no file.
#pragma once

#include <string>
#include <vector>

#include <envforge/documents/recipe.hpp>

namespace envforge::documents {

struct Pyproject {
  std::vector<Located<std::string>> dependencies;     // requirements, each checked
  Located<std::string> requires_python;               // ">=3.10", "" = not said
  std::vector<Located<std::string>> optional_groups;  // names of [project.optional-dependencies], which are not read
};

/// Throws support::Error with an EF30xx code and file:line:column: no TOML, dependencies in another form than PEP 621's
/// (Poetry's own tables, dynamic ones), a requirement that a recipe refuses, a package that another tool's table takes
/// from elsewhere than PyPI and a commit of git (an index of PyTorch's for its own packages is no such place).
Pyproject read_pyproject(const std::string& text, const std::string& file);

}  // namespace envforge::documents
