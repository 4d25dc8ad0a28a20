// Poetry's own form of a project's dependencies: [tool.poetry.dependencies] of a pyproject.toml.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <envforge/support/error.hpp>
#include <envforge/toml/toml.hpp>

namespace envforge::documents {

/// PEP 440 of Poetry's "^2.1" (>=2.1,<3), "~1.26" (>=1.26,<1.27), "2.1" (==2.1), "2.1.*", "*" (""), or of a list of
/// such with commas; nullopt for another form. Source: https://python-poetry.org/docs/dependency-specification/.
std::optional<std::string> poetry_specifier(std::string_view constraint);

/// One entry, the Python among them.
struct PoetryDependency {
  std::string name;         // as it stands there
  std::string requirement;  // "torch>=2.1,<3; sys_platform == 'linux'"; "" where it was not understood
  std::string specifier;    // its range
  std::string why_not;      // it was not understood
  support::Where where;
};
/// In the order of their names; none where there is no such table.
std::vector<PoetryDependency> poetry_dependencies(const toml::Value& document);

}  // namespace envforge::documents
