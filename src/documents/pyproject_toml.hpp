// The parts of a pyproject.toml, wherever they are read from.
#pragma once

#include <string>
#include <vector>

#include <envforge/documents/recipe.hpp>
#include <envforge/toml/toml.hpp>

namespace envforge::documents {

/// Throws Error{kDocumentLimit, kUnsafeText, kRecipeSyntax}.
toml::Value parse_pyproject(const std::string& text, const std::string& file);
/// The strings at "project.dependencies", each with its place; none where there is no such key.
std::vector<Located<std::string>> texts_at(const toml::Value& document, const std::string& path);

}  // namespace envforge::documents
