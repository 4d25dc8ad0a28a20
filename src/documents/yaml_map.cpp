#include "yaml_map.hpp"

#include <algorithm>
#include <charconv>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;

std::string shown(const std::string& text) {
  constexpr std::size_t kShown = 80;
  return "'" + support::printable(text.substr(0, kShown)) + (text.size() > kShown ? "...'" : "'");
}

std::string found(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kScalar ? node.kind_name() + " " + shown(node.text) : node.kind_name();
}

[[noreturn]] void wrong_type(const YamlNode& node, const std::string& what, const std::string& expected,
                             const std::string& hint = {}) {
  throw Error(ErrorCode::kWrongType, what + ": found " + found(node) + ", expected " + expected, node.where, hint);
}

std::string one_of(const std::vector<std::string>& words) {
  return words.size() == 1 ? words[0] : "one of " + support::join(words, ", ");
}

}  // namespace

YamlMap::YamlMap(const YamlNode& node, std::string what, std::vector<std::string> known)
    : node_(node), what_(std::move(what)) {
  map_of(node, what_);
  for (const auto& key : node.keys) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    std::string hint = support::did_you_mean(key.text, known);
    if (hint.empty()) hint = "known here: " + support::join(known, ", ");
    throw Error(ErrorCode::kUnknownKey, what_ + " has no key " + shown(key.text), key.where, hint);
  }
}

const YamlNode* YamlMap::find(const std::string& key) const {
  for (std::size_t i = 0; i < node_.keys.size(); ++i) {
    if (node_.keys[i].text != key) continue;
    if (node_.items[i].kind == YamlNode::Kind::kNull) {
      throw Error(ErrorCode::kWrongType, "'" + key + "' has no value", node_.keys[i].where,
                  "give it a value or leave the key out");
    }
    return &node_.items[i];
  }
  return nullptr;
}

const YamlNode& YamlMap::need(const std::string& key, const std::string& example) const {
  if (const YamlNode* node = find(key)) return *node;
  throw Error(ErrorCode::kMissingKey, what_ + " lacks '" + key + "'", node_.where, "such as `" + example + "`");
}

void accept(const Checked& refusal, const support::Where& where) {
  if (refusal) throw Error(refusal->code, refusal->message, where, refusal->hint);
}

const std::string& text_of(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::kScalar) wrong_type(node, what, "text");
  if (node.kind_name() == "true or false") wrong_type(node, what, "text", "put it in quotes if it is meant as text");
  return node.text;
}

const std::string& scalar_of(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::kScalar) wrong_type(node, what, "text");
  return node.text;
}

std::int64_t integer_of(const YamlNode& node, const std::string& what) {
  constexpr std::size_t kLongest = 18;
  if (node.kind != YamlNode::Kind::kScalar || node.quoted) wrong_type(node, what, "a whole number, without quotes");
  std::int64_t value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, trouble] = std::from_chars(node.text.data(), end, value);
  const bool octal = node.text.size() > 1 && node.text[0] == '0';  // 0755 would be another number in YAML 1.1
  if (trouble != std::errc() || stop != end || octal || node.text.size() > kLongest)
    wrong_type(node, what, "a whole number");
  return value;
}

bool truth_of(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted || (node.text != "true" && node.text != "false"))
    wrong_type(node, what, "true or false, without quotes");
  return node.text == "true";
}

double number_of(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::kScalar || node.quoted || node.kind_name() != "a number") {
    wrong_type(node, what, "a number, without quotes");
  }
  double value = 0;
  const char* end = node.text.data() + node.text.size();
  const auto [stop, trouble] = std::from_chars(node.text.data(), end, value);
  if (trouble != std::errc() || stop != end) wrong_type(node, what, "a number");
  return value;
}

const std::vector<YamlNode>& list_of(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::kList)
    wrong_type(node, what, "a list", "write it as [a, b] or as lines that begin with '- '");
  return node.items;
}

const YamlNode& map_of(const YamlNode& node, const std::string& what) {
  if (node.kind != YamlNode::Kind::kMap)
    wrong_type(node, what, "a mapping", "write it as {key: value} or as lines `key: value`");
  return node;
}

const std::string& word_of(const YamlNode& node, const std::string& what, const std::vector<std::string>& words) {
  const std::string& text = text_of(node, what);
  if (std::find(words.begin(), words.end(), text) != words.end()) return text;
  throw Error(ErrorCode::kWrongValue, what + " " + shown(text) + ": expected " + one_of(words), node.where,
              support::did_you_mean(text, words));
}

std::vector<Located<std::string>> texts_of(const YamlNode& node, const std::string& what,
                                           Checked (*check)(std::string_view)) {
  std::vector<Located<std::string>> out;
  for (const auto& item : list_of(node, what)) {
    const std::string& text = text_of(item, "an entry of " + what);
    accept(check(text), item.where);
    for (const auto& other : out) {
      if (other.value != text) continue;
      throw Error(ErrorCode::kWrongValue,
                  what + " names " + shown(text) + " twice; first on line " + std::to_string(other.where.line),
                  item.where, "keep one of the two");
    }
    out.push_back({text, item.where});
  }
  return out;
}

void require_schema(const YamlNode& root, const std::string& expected, const std::string& file) {
  if (root.kind == YamlNode::Kind::kNull) {
    throw Error(ErrorCode::kRecipeSyntax,
                "the document is empty; expected `schema: " + expected + "` and what follows it",
                support::Where{file, 1, 1, {}});
  }
  map_of(root, "the document");
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    if (root.keys[i].text != "schema") continue;
    const YamlNode& node = root.items[i];
    const std::string& text = text_of(node, "schema");
    if (text == expected) return;
    const auto stem = expected.substr(0, expected.rfind('/') + 2);  // envforge/recipe/v
    const bool newer = support::starts_with(text, stem) && text.size() > stem.size();
    throw Error(ErrorCode::kWrongSchema, "schema " + shown(text) + ": expected " + expected, node.where,
                newer ? "this envforge reads version 1 only; a newer envforge may read it"
                      : "begin the document with `schema: " + expected + "`");
  }
  throw Error(ErrorCode::kWrongSchema, "no schema is stated", root.where,
              "begin the document with `schema: " + expected + "`");
}

}  // namespace envforge::documents
