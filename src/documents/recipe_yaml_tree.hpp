// A small tree of a YAML document in which every node knows its place. Made from yaml-cpp's events, for its own tree
// forgets duplicate keys, tags and anchors. Knows YAML and limits, no word of a recipe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <envforge/support/error.hpp>

namespace envforge::documents {

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap } kind = Kind::kNull;
  support::Where where;
  std::string text;             // kScalar: as written, never converted ("3.10" stays "3.10")
  bool quoted = false;          // kScalar: quoted or a block, so never a number or a truth value
  std::vector<YamlNode> keys;   // kMap: scalars, beside the value of the same index in `items`
  std::vector<YamlNode> items;  // kList, kMap

  /// "text", "a number", "true or false", "a list", "a mapping", "nothing".
  std::string kind_name() const;
};

struct YamlLimits {
  std::size_t bytes = 256 * 1024;
  std::size_t depth = 16;
  std::size_t items = 1000;  // of one list or mapping
  std::size_t nodes = 20000;
  std::size_t string_bytes = 4096;
};

/// What every document of a user passes first. Throws Error{kDocumentLimit, kUnsafeText} with the place.
void check_document(const std::string& text, const std::string& file, const YamlLimits& limits = {});

/// Throws Error{kRecipeSyntax, kDocumentLimit, kYamlFeature, kDuplicateKey, kUnsafeText}. Anchors, aliases, merge keys,
/// tags and a second document are refused.
YamlNode parse_yaml(const std::string& text, const std::string& file, const YamlLimits& limits = {});

}  // namespace envforge::documents
