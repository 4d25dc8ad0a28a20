#include "toml_subset.hpp"

#include <cctype>
#include <utility>

#include <envforge/support/error.hpp>

namespace envforge::packages {
namespace {

constexpr int kDeepest = 16;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Toml document() {
    Toml root;
    Toml* table = &root;
    for (skip_lines(); !at_end(); skip_lines()) {
      if (peek() == '[') {
        table = header(root);
      } else {
        pair(*table);
      }
      end_of_line();
    }
    return root;
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw support::Error(support::ErrorCode::kUvFailed, "uv wrote a lock that envforge cannot read: line " +
                                                            std::to_string(line_) + ": expected " + expected);
  }

  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  char take() {
    if (at_end()) fail("more text");
    const char c = text_[at_++];
    if (c == '\n') ++line_;
    return c;
  }
  void expect(char c, const std::string& what) {
    if (peek() != c) fail(what);
    take();
  }
  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t') take();
  }
  void skip_comment() {
    if (peek() == '#') {
      while (!at_end() && peek() != '\n') take();
    }
  }
  void skip_lines() {  // blanks, comments and newlines, between lines and inside arrays
    while (true) {
      skip_spaces();
      skip_comment();
      if (peek() != '\n' && peek() != '\r') return;
      take();
    }
  }
  void end_of_line() {
    skip_spaces();
    skip_comment();
    if (!at_end() && peek() != '\n' && peek() != '\r') fail("the end of the line");
  }

  std::string key() {
    if (peek() == '"' || peek() == '\'') return string();
    std::string name;
    while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '-' || peek() == '_') name += take();
    if (name.empty()) fail("a key");
    return name;
  }

  Toml* header(Toml& root) {
    take();
    const bool array = peek() == '[';
    if (array) take();
    Toml* table = &root;
    while (true) {
      skip_spaces();
      const std::string name = key();
      skip_spaces();
      const bool last = peek() != '.';
      Toml& member = table->members[name];
      if (last && array) {
        member.kind = Toml::Kind::kArray;
        member.items.emplace_back();
      }
      if (member.kind == Toml::Kind::kArray && member.items.empty()) fail("a table");
      table = member.kind == Toml::Kind::kArray ? &member.items.back() : &member;
      if (table->kind != Toml::Kind::kTable) fail("a table");
      if (last) break;
      take();
    }
    expect(']', "']'");
    if (array) expect(']', "']]'");
    return table;
  }

  void pair(Toml& table) {
    const std::string name = key();
    skip_spaces();
    expect('=', "'='");
    skip_spaces();
    if (!table.members.emplace(name, value(0)).second) fail("each key once, found '" + name + "' again");
  }

  Toml value(int depth) {
    if (depth > kDeepest) fail("fewer levels");
    if (peek() == '[') return array(depth);
    if (peek() == '{') return inline_table(depth);
    Toml result;
    if (peek() == '"' || peek() == '\'') {
      result.kind = Toml::Kind::kString;
      result.text = string();
      return result;
    }
    result.kind = Toml::Kind::kBare;
    while (std::isalnum(static_cast<unsigned char>(peek())) != 0 || peek() == '-' || peek() == '+' || peek() == '.' ||
           peek() == ':' || peek() == '_') {
      result.text += take();
    }
    if (result.text.empty()) fail("a value");
    return result;
  }

  Toml array(int depth) {
    Toml result;
    result.kind = Toml::Kind::kArray;
    take();
    for (skip_lines(); peek() != ']'; skip_lines()) {
      result.items.push_back(value(depth + 1));
      skip_lines();
      if (peek() != ']') expect(',', "',' or ']'");
    }
    take();
    return result;
  }

  Toml inline_table(int depth) {
    Toml result;
    take();
    for (skip_spaces(); peek() != '}'; skip_spaces()) {
      const std::string name = key();
      skip_spaces();
      expect('=', "'='");
      skip_spaces();
      if (!result.members.emplace(name, value(depth + 1)).second) fail("each key once, found '" + name + "' again");
      skip_spaces();
      if (peek() != '}') expect(',', "',' or '}'");
    }
    take();
    return result;
  }

  std::string string() {
    const char quote = take();
    if (text_.substr(at_, 2) == std::string(2, quote)) fail("a string on one line");
    std::string result;
    while (peek() != quote) {
      const char c = take();
      if (c == '\n') fail("the end of the string");
      if (c == '\\' && quote == '"') {
        escape(result);
      } else {
        result += c;
      }
    }
    take();
    return result;
  }

  void escape(std::string& out) {
    const char c = take();
    switch (c) {
      case 'n':
        out += '\n';
        return;
      case 't':
        out += '\t';
        return;
      case 'r':
        out += '\r';
        return;
      case '"':
      case '\\':
        out += c;
        return;
      default:
        fail("one of the escapes n t r \" \\");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

const Toml* Toml::find(const std::string& key) const {
  const auto found = members.find(key);
  return found == members.end() ? nullptr : &found->second;
}

std::string Toml::text_of(const std::string& key) const {
  const Toml* member = find(key);
  return member != nullptr ? member->text : std::string();
}

Toml parse_toml(std::string_view text) {
  return Reader(text).document();
}

}  // namespace envforge::packages
