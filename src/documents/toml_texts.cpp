#include "toml_texts.hpp"

#include <string_view>

#include <envforge/support/text.hpp>

#include "grammar_text.hpp"
#include "text_safety.hpp"
#include "yaml_map.hpp"

namespace envforge::documents {
namespace {

using grammar::alnum;
using support::Error;
using support::ErrorCode;
using support::Where;

constexpr int kDeepest = 32;

class TomlReader {
 public:
  TomlReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  TomlTexts read() {
    for (skip_all(); !done(); skip_all()) {
      if (peek() == '[') {
        header();
      } else {
        entry(table_, 0);
      }
      end_of_line();
    }
    return std::move(out_);
  }

 private:
  bool done() const { return at_ >= text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void step() {
    if (text_[at_] == '\n') {
      ++line_;
      line_start_ = at_ + 1;
    }
    ++at_;
  }
  Where here() const { return {file_, line_, static_cast<int>(at_ - line_start_) + 1, {}}; }
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(ErrorCode::kRecipeSyntax, "this is no TOML: expected " + expected, here());
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
  void end_of_line() {
    skip_spaces();
    if (done() || peek() == '\n' || peek() == '\r' || peek() == '#') return;
    fail("the end of the line");
  }

  void header() {
    const Where where = here();
    const bool list = take("[[");
    if (!list) take("[");
    table_ = key();
    skip_spaces();
    if (!take(list ? "]]" : "]")) fail(list ? "']]'" : "']'");
    out_.tables.emplace(table_, where);
  }

  // a."b c".d, as one text with dots.
  std::string key() {
    std::string name;
    do {
      skip_spaces();
      if (!name.empty()) name += '.';
      if (peek() == '"' || peek() == '\'') {
        name += string();
      } else {
        const std::size_t start = at_;
        while (alnum(peek()) || peek() == '_' || peek() == '-') step();
        if (at_ == start) fail("a key");
        name += text_.substr(start, at_ - start);
      }
      skip_spaces();
    } while (take("."));
    return name;
  }

  void entry(const std::string& table, int depth) {
    const Where where = here();
    const std::string name = (table.empty() ? "" : table + ".") + key();
    if (!take("=")) fail("'=' behind the key");
    out_.tables.emplace(name, where);
    value(name, depth);
  }

  void value(const std::string& name, int depth) {
    if (depth > kDeepest) throw Error(ErrorCode::kDocumentLimit, "values nested deeper than 32", here());
    skip_spaces();
    const Where where = here();
    if (peek() == '"' || peek() == '\'') {
      out_.texts[name].push_back({string(), where});
    } else if (take("[")) {
      list(name, depth);
    } else if (take("{")) {
      inline_table(name, depth);
    } else {
      const std::size_t start = at_;
      while (alnum(peek()) || std::string_view("+-_.:").find(peek()) < 5) step();
      if (at_ == start) fail("a value");
    }
  }

  void list(const std::string& name, int depth) {
    for (skip_all(); !take("]"); skip_all()) {
      if (done()) fail("']'");
      value(name, depth + 1);
      skip_all();
      if (!take(",") && peek() != ']') fail("',' or ']'");
    }
  }

  void inline_table(const std::string& name, int depth) {
    for (skip_all(); !take("}"); skip_all()) {
      if (done()) fail("'}'");
      entry(name, depth + 1);
      skip_all();
      if (!take(",") && peek() != '}') fail("',' or '}'");
    }
  }

  std::string string() {
    const char quote = peek();
    const std::string three(3, quote);
    const bool is_long = take(three);
    if (!is_long) step();
    std::string out;
    for (;;) {
      if (done() || (!is_long && peek() == '\n')) fail(std::string("the closing ") + quote);
      if (is_long ? take(three) : take(three.substr(0, 1))) return out;
      if (quote == '"' && peek() == '\\') {
        step();
        out += escaped();
      } else {
        out += peek();
        step();
      }
    }
  }

  // The escapes that a requirement can need; \u and a line's end are not among them.
  std::string escaped() {
    const char c = peek();
    constexpr std::string_view kFrom = "\"\\bfnrt";
    constexpr std::string_view kTo = "\"\\\b\f\n\r\t";
    const auto known = kFrom.find(c);
    step();
    if (known != std::string_view::npos) return std::string(1, kTo[known]);
    return std::string("\\") + c;
  }

  std::string_view text_;
  std::string file_;
  std::size_t at_ = 0, line_start_ = 0;
  int line_ = 1;
  std::string table_;
  TomlTexts out_;
};

}  // namespace

TomlTexts read_toml_texts(const std::string& text, const std::string& file) {
  check_document(text, file);
  return TomlReader(text, file).read();
}

}  // namespace envforge::documents
