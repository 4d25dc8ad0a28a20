#include <envforge/toml/toml.hpp>

#include <cstdint>
#include <utility>

#include <envforge/support/text.hpp>

namespace envforge::toml {
namespace {

using support::Error;
using support::ErrorCode;
using support::Where;

constexpr std::size_t kDeepest = 32;

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// As UTF-8; the caller has refused what is no scalar value.
std::string utf8(std::uint32_t code) {
  if (code < 0x80) return {static_cast<char>(code)};
  std::string out;
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>((0xFF00U >> (more + 1) & 0xFFU) | code >> (6 * more));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80U | (code >> (6 * i) & 0x3FU));
  return out;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& file, ErrorCode code) : text_(text), file_(file), code_(code) {}

  Value document() {
    Value root;
    root.where = here();
    Value* table = &root;
    std::size_t depth = 0;
    for (skip_all(); !done(); skip_all()) {
      if (peek() == '[') {
        table = header(root, depth);
      } else {
        entry(*table, depth);
      }
      skip_spaces();
      if (!done() && peek() != '\n' && peek() != '\r' && peek() != '#') fail("the end of the line");
    }
    return root;
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }
  Where here() const { return {file_, line_, static_cast<int>(at_ - line_start_) + 1, {}}; }
  [[noreturn]] void fail(const std::string& expected) const { fail(expected, here()); }
  [[noreturn]] void fail(const std::string& expected, const Where& where) const {
    throw Error(code_, "this is no TOML that envforge reads: expected " + expected, where);
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    for (std::size_t i = 0; i < word.size(); ++i) step();
    return true;
  }
  void skip_spaces() {
    while (peek() == ' ' || peek() == '\t') step();
  }
  // Also line ends and comments.
  void skip_all() {
    for (;;) {
      if (peek() == '#') {
        while (!done() && peek() != '\n') step();
      } else if (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
        step();
      } else {
        return;
      }
    }
  }
  void enter(std::size_t depth) const {
    if (depth > kDeepest) fail("at most " + std::to_string(kDeepest) + " levels");
  }

  // a."b c".d
  std::vector<std::string> key() {
    std::vector<std::string> parts;
    do {
      skip_spaces();
      if (peek() == '"' || peek() == '\'') {
        parts.push_back(string());
      } else {
        const std::size_t start = at_;
        while (is_bare(peek())) step();
        if (at_ == start) fail("a key");
        parts.emplace_back(text_.substr(start, at_ - start));
      }
      enter(parts.size());
      skip_spaces();
    } while (take("."));
    return parts;
  }

  // The table `name` of `table`, or the last one of an array of tables.
  Value& step_into(Value& table, const std::string& name, const Where& where) {
    const auto [member, fresh] = table.members.try_emplace(name);
    Value& value = member->second;
    if (fresh) value.where = where;
    Value& next = value.kind == Value::Kind::kArray && !value.items.empty() ? value.items.back() : value;
    if (next.kind != Value::Kind::kTable) fail("'" + support::printable(name) + "' to be a table", where);
    return next;
  }

  Value* header(Value& root, std::size_t& depth) {
    const Where where = here();
    const bool array = take("[[");
    if (!array) take("[");
    const auto path = key();
    depth = path.size();
    Value* table = &root;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) table = &step_into(*table, path[i], where);
    if (array) {
      Value& list = table->members[path.back()];
      const bool new_or_array = list.kind == Value::Kind::kArray || (list.members.empty() && list.where.line == 0);
      if (!new_or_array) fail("'" + support::printable(path.back()) + "' to be an array of tables", where);
      list.kind = Value::Kind::kArray;
      list.where = where;
      table = &list.items.emplace_back();
      table->where = where;
    } else {
      table = &step_into(*table, path.back(), where);
    }
    if (!take(array ? "]]" : "]")) fail(array ? "']]'" : "']'");
    return table;
  }

  void entry(Value& table, std::size_t depth) {
    const Where where = here();
    const auto path = key();
    if (!take("=")) fail("'=' behind the key");
    Value* parent = &table;
    for (std::size_t i = 0; i + 1 < path.size(); ++i) parent = &step_into(*parent, path[i], where);
    if (parent->members.count(path.back()) > 0)
      fail("each key once, found '" + support::printable(path.back()) + "' again", where);
    skip_spaces();
    parent->members.emplace(path.back(), value(depth + path.size()));
  }

  Value value(std::size_t depth) {
    enter(depth);
    Value out;
    out.where = here();
    if (peek() == '"' || peek() == '\'') {
      out.kind = Value::Kind::kString;
      out.text = string();
    } else if (take("[")) {
      out.kind = Value::Kind::kArray;
      for (skip_all(); !take("]"); skip_all()) {
        out.items.push_back(value(depth + 1));
        skip_all();
        if (!take(",") && peek() != ']') fail("',' or ']'");
      }
    } else if (take("{")) {
      for (skip_all(); !take("}"); skip_all()) {
        entry(out, depth);
        skip_all();
        if (!take(",") && peek() != '}') fail("',' or '}'");
      }
    } else {
      out.kind = Value::Kind::kBare;
      const std::size_t start = at_;
      while (is_bare(peek()) || peek() == '+' || peek() == '.' || peek() == ':') step();
      if (at_ == start) fail("a value");
      out.text = text_.substr(start, at_ - start);
    }
    return out;
  }

  std::string string() {
    const char quote = peek();
    const std::string three(3, quote);
    const bool is_long = take(three);
    if (!is_long) step();
    if (is_long && !take("\n")) take("\r\n");
    std::string out;
    for (;;) {
      if (done() || (!is_long && peek() == '\n')) fail(std::string("the closing ") + quote);
      if (is_long ? take(three) : take(three.substr(0, 1))) return out;
      if (quote == '"' && peek() == '\\') {
        step();
        out += escaped(is_long);
      } else {
        out += peek();
        step();
      }
    }
  }

  std::string escaped(bool is_long) {
    constexpr std::string_view kFrom = "\"\\bfnrt";
    constexpr std::string_view kTo = "\"\\\b\f\n\r\t";
    if (is_long && (peek() == '\n' || peek() == '\r' || peek() == ' ' || peek() == '\t')) {
      while (peek() == '\n' || peek() == '\r' || peek() == ' ' || peek() == '\t') step();
      return "";
    }
    if (take("u")) return code_point(4);
    if (take("U")) return code_point(8);
    const auto known = kFrom.find(peek());
    if (done() || known == std::string_view::npos) fail("one of TOML's escapes behind '\\'");
    step();
    return {kTo[known]};
  }

  std::string code_point(int digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const Where where = here();
    std::uint32_t code = 0;
    for (int i = 0; i < digits; ++i, step()) {
      const auto digit = done() ? std::string_view::npos : kDigits.find(support::to_lower(text_.substr(at_, 1)));
      if (digit == std::string_view::npos) fail(std::to_string(digits) + " hexadecimal digits");
      code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("a Unicode scalar value", where);
    return utf8(code);
  }

  std::string_view text_;
  const std::string& file_;
  ErrorCode code_;
  std::size_t at_ = 0, line_start_ = 0;
  int line_ = 1;
};

}  // namespace

const Value* Value::find(const std::string& key) const {
  const auto found = members.find(key);
  return found == members.end() ? nullptr : &found->second;
}

const Value* Value::at(const std::string& path) const {
  const Value* value = this;
  for (const std::string& key : support::split(path, '.')) {
    if (value != nullptr) value = value->find(key);
  }
  return value;
}

std::string Value::text_of(const std::string& key) const {
  const Value* member = find(key);
  return member != nullptr ? member->text : std::string();
}

std::vector<const Value*> Value::strings() const {
  std::vector<const Value*> out;
  if (kind == Kind::kString) out.push_back(this);
  for (const Value& item : items) {
    if (item.kind == Kind::kString) out.push_back(&item);
  }
  return out;
}

Value parse(std::string_view text, const std::string& file, ErrorCode code) {
  return Reader(text, file, code).document();
}

}  // namespace envforge::toml
