// Typed reads of the YAML tree. Each says what was found, what was expected and where; a word that is not known gets a
// suggestion. Used by every YAML reader of this area.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <envforge/documents/recipe.hpp>

#include "grammar.hpp"
#include "recipe_yaml_tree.hpp"

namespace envforge::documents {

/// A mapping whose keys are words of ours.
class YamlMap {
 public:
  /// `node` must outlive the map. `what` names it in messages: "the recipe", "'torch'". Throws for an unknown key.
  YamlMap(const YamlNode& node, std::string what, std::vector<std::string> known);

  /// nullptr when the key is absent; a key without a value is an error.
  const YamlNode* find(const std::string& key) const;
  /// Throws Error{kMissingKey}, with `example` in the hint.
  const YamlNode& need(const std::string& key, const std::string& example) const;

 private:
  const YamlNode& node_;
  std::string what_;
};

/// Throws the refusal, if there is one, as an Error at `where`.
void accept(const Checked& refusal, const support::Where& where);

/// Text; numbers stay as they are written, true and false must be quoted.
const std::string& text_of(const YamlNode& node, const std::string& what);
/// Text, or any plain word of YAML as it is written: for values that belong to others (environment, command).
const std::string& scalar_of(const YamlNode& node, const std::string& what);
std::int64_t integer_of(const YamlNode& node, const std::string& what);
/// `true` or `false`, without quotes.
bool truth_of(const YamlNode& node, const std::string& what);
double number_of(const YamlNode& node, const std::string& what);
const std::vector<YamlNode>& list_of(const YamlNode& node, const std::string& what);
const YamlNode& map_of(const YamlNode& node, const std::string& what);
/// Text that must be one of `words`.
const std::string& word_of(const YamlNode& node, const std::string& what, const std::vector<std::string>& words);
/// A list of texts, each passing `check`, none twice.
std::vector<Located<std::string>> texts_of(const YamlNode& node, const std::string& what,
                                           Checked (*check)(std::string_view));

/// Throws unless `schema` is the document's first word and has the value `expected` ("envforge/recipe/v1").
void require_schema(const YamlNode& root, const std::string& expected, const std::string& file);

}  // namespace envforge::documents
