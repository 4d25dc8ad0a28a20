// The texts of a TOML file by their key: "project.dependencies" -> each string of the list with its place. Numbers,
// dates and booleans are passed over, for nothing here needs one. Used by the pyproject reader.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <envforge/documents/recipe.hpp>

namespace envforge::documents {

struct TomlTexts {
  std::map<std::string, std::vector<Located<std::string>>> texts;  // one for a string, several for a list of them
  std::map<std::string, support::Where> tables;                    // every table and every key, also without texts
};

/// Throws Error{kDocumentLimit, kUnsafeText, kRecipeSyntax}.
TomlTexts read_toml_texts(const std::string& text, const std::string& file);

}  // namespace envforge::documents
