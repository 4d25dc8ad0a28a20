#include "recipe_yaml_tree.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <envforge/support/text.hpp>

#include "text_safety.hpp"

namespace envforge::documents {
namespace {

using support::Error;
using support::ErrorCode;
using support::Where;

bool is_number(const std::string& text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && std::any_of(text.begin(), text.end(), digit) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return digit(c) || c == '.' || c == '-' || c == '+'; }) &&
         std::count(text.begin(), text.end(), '.') <= 1;
}

// Builds the tree; throws out of the parser as soon as something is refused, so that nothing refused is parsed further.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, const YamlLimits& limits) : file_(file), limits_(limits) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(ErrorCode::kYamlFeature, "a second document begins here; expected one", place(mark));
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    refuse(ErrorCode::kYamlFeature, "the anchor '&" + support::printable(name) + "'; anchors and aliases are refused",
           place(mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(ErrorCode::kYamlFeature, "an alias; anchors and aliases are refused", place(mark));
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    attach(node(YamlNode::Kind::kNull, mark, "", anchor));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode scalar = node(YamlNode::Kind::kScalar, mark, tag, anchor);
    scalar.text = value;
    scalar.quoted = tag == "!";
    check_text(scalar);
    attach(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(node(YamlNode::Kind::kList, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(node(YamlNode::Kind::kMap, mark, tag, anchor));
  }
  void OnMapEnd() override { close(); }

  YamlNode root;

 private:
  [[noreturn]] static void refuse(ErrorCode code, const std::string& message, const Where& where) {
    throw Error(code, message, where);
  }

  Where place(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1, {}}; }

  YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    YamlNode made;
    made.kind = kind;
    made.where = place(mark);
    if (anchor != 0) refuse(ErrorCode::kYamlFeature, "an anchor; anchors and aliases are refused", made.where);
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(ErrorCode::kYamlFeature, "the tag '" + support::printable(tag) + "'; tags are refused", made.where);
    }
    if (++nodes_ > limits_.nodes) {
      refuse(ErrorCode::kDocumentLimit, "more than " + std::to_string(limits_.nodes) + " values", made.where);
    }
    return made;
  }

  void check_text(const YamlNode& scalar) const {
    if (scalar.text.size() > limits_.string_bytes) {
      refuse(ErrorCode::kDocumentLimit,
             "a text of " + std::to_string(scalar.text.size()) + " bytes; expected at most " +
                 std::to_string(limits_.string_bytes),
             scalar.where);
    }
    if (const auto unsafe = find_unsafe(scalar.text, TextKind::kLine)) {
      // Only what stands before the character is shown: it must not act on the reader's terminal either.
      refuse(ErrorCode::kUnsafeText,
             "a text holds " + unsafe->name + " after '" +
                 support::printable(scalar.text.substr(0, std::min<std::size_t>(unsafe->offset, 60))) +
                 "'; expected one line of visible characters",
             scalar.where);
    }
  }

  void open(YamlNode made) {
    if (open_.size() >= limits_.depth) {
      refuse(ErrorCode::kDocumentLimit, "nested deeper than " + std::to_string(limits_.depth), made.where);
    }
    open_.push_back({std::move(made), {}, false});
  }

  void close() {
    YamlNode done = std::move(open_.back().node);
    open_.pop_back();
    attach(std::move(done));
  }

  void attach(YamlNode made) {
    if (open_.empty()) {
      root = std::move(made);
      return;
    }
    Frame& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kMap && !parent.has_key) {
      take_key(parent, std::move(made));
      return;
    }
    if (parent.node.items.size() >= limits_.items) {
      refuse(ErrorCode::kDocumentLimit, "more than " + std::to_string(limits_.items) + " entries", made.where);
    }
    if (parent.has_key) parent.node.keys.push_back(std::move(parent.key));
    parent.has_key = false;
    parent.node.items.push_back(std::move(made));
  }

  struct Frame {
    YamlNode node;
    YamlNode key;
    bool has_key = false;
  };

  static void take_key(Frame& parent, YamlNode key) {
    if (key.kind != YamlNode::Kind::kScalar) {
      refuse(ErrorCode::kWrongType, key.kind_name() + " as a key; expected a name", key.where);
    }
    if (key.text == "<<" && !key.quoted) {
      refuse(ErrorCode::kYamlFeature, "a merge key '<<'; merging is refused", key.where);
    }
    for (const auto& other : parent.node.keys) {
      if (other.text != key.text) continue;
      refuse(ErrorCode::kDuplicateKey,
             "the key '" + support::printable(key.text) + "' stands twice; first on line " +
                 std::to_string(other.where.line),
             key.where);
    }
    parent.key = std::move(key);
    parent.has_key = true;
  }

  const std::string& file_;
  const YamlLimits& limits_;
  std::vector<Frame> open_;
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

Where place_of(const std::string& text, std::size_t offset, const std::string& file) {
  const auto before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column = offset - (start == std::string::npos ? 0 : start + 1) + 1;
  return {file, static_cast<int>(line), static_cast<int>(column), {}};
}

}  // namespace

std::string YamlNode::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a mapping";
    case Kind::kScalar:
      break;
  }
  if (quoted) return "text";
  if (text == "true" || text == "false") return "true or false";
  return is_number(text) ? "a number" : "text";
}

namespace {

// What editors and shells of Windows write; both are invisible in most editors.
void refuse_other_encoding(const std::string& text, const std::string& file) {
  using support::starts_with;
  const bool marked = starts_with(text, "\xFF\xFE") || starts_with(text, "\xFE\xFF");
  if (marked || (text.size() > 3 && text[0] != '\0' && text[1] == '\0' && text[3] == '\0')) {
    throw Error(ErrorCode::kUnsafeText, "the file is UTF-16, as PowerShell's `>` writes it; expected UTF-8",
                Where{file, 1, 1, {}},
                "`iconv -f UTF-16" + std::string(marked ? "" : "LE") + " -t UTF-8 FILE > NEWFILE` makes it so");
  }
  if (starts_with(text, "\xEF\xBB\xBF")) {
    throw Error(ErrorCode::kUnsafeText, "the file begins with U+FEFF (a byte order mark, which is invisible)",
                Where{file, 1, 1, {}}, "`sed -i '1s/^\\xEF\\xBB\\xBF//' FILE` takes it away");
  }
}

}  // namespace

void check_document(const std::string& text, const std::string& file, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    throw Error(ErrorCode::kDocumentLimit,
                std::to_string(text.size()) + " bytes; expected at most " + std::to_string(limits.bytes),
                Where{file, 0, 0, {}});
  }
  refuse_other_encoding(text, file);
  if (const auto unsafe = find_unsafe(text, TextKind::kDocument)) {
    throw Error(ErrorCode::kUnsafeText, "the document holds " + unsafe->name, place_of(text, unsafe->offset, file));
  }
}

YamlNode parse_yaml(const std::string& text, const std::string& file, const YamlLimits& limits) {
  check_document(text, file, limits);
  TreeBuilder builder(file, limits);
  try {
    // yaml-cpp takes the end of the text for the end of a quoted text; an end of document there it refuses.
    std::istringstream stream(text + "\n...\n");
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const Where where{file, error.mark.line + 1, error.mark.column + 1, {}};
    const bool unclosed = error.msg == YAML::ErrorMsg::DOC_IN_SCALAR;
    throw Error(ErrorCode::kRecipeSyntax,
                "not valid YAML: " + (unclosed ? "a quoted text is not closed before this place" : error.msg), where);
  }
  return std::move(builder.root);
}

}  // namespace envforge::documents
