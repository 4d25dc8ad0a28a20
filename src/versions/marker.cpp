#include <envforge/versions/marker.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <envforge/support/text.hpp>
#include <envforge/versions/version_range.hpp>

namespace envforge::versions {
namespace {

constexpr std::array<std::string_view, 12> kVariables{"python_version",
                                                      "python_full_version",
                                                      "os_name",
                                                      "sys_platform",
                                                      "platform_release",
                                                      "platform_system",
                                                      "platform_version",
                                                      "platform_machine",
                                                      "implementation_name",
                                                      "implementation_version",
                                                      "platform_python_implementation",
                                                      "extra"};

bool is_version(std::string_view variable) {
  return variable == "python_version" || variable == "python_full_version" || variable == "implementation_version";
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || c == '_';
}

Truth truth(bool value) {
  return value ? Truth::kYes : Truth::kNo;
}

// ">=" of "<=": the same comparison with its sides changed.
std::string turned(const std::string& op) {
  if (op[0] == '<') return ">" + op.substr(1);
  if (op[0] == '>') return "<" + op.substr(1);
  return op;
}

// The versions that "3.11.*" can be, as far as a bound can tell them apart.
std::vector<std::string> possible(const std::string& value, const std::string& bound) {
  constexpr unsigned kBeyondAll = 100000;
  if (!support::ends_with(value, ".*")) return {value};
  const auto version = Version::parse(support::ends_with(bound, ".*") ? bound.substr(0, bound.size() - 2) : bound);
  const unsigned patch = version ? version->patch() : 0;
  std::vector<std::string> versions;
  for (const unsigned one : {0U, patch == 0 ? 0U : patch - 1, patch, patch + 1, kBeyondAll})
    versions.push_back(value.substr(0, value.size() - 1) + std::to_string(one));
  return versions;
}

Truth compare_versions(const std::string& value, const std::string& op, const std::string& bound) {
  if (op == "in" || op == "not in") {
    if (support::ends_with(value, ".*")) return Truth::kUnknown;
    std::string words = bound;
    std::replace(words.begin(), words.end(), ',', ' ');
    const auto list = support::split(words, ' ');
    const bool word = std::find(list.begin(), list.end(), value) != list.end();
    // '3.1' is in '3.10 3.11' for pip, and not for uv.
    if (!word && bound.find(value) != std::string::npos) return Truth::kUnknown;
    return truth(word == (op == "in"));
  }
  const auto range = op == "===" ? std::nullopt : VersionRange::parse(op + bound);
  std::optional<Truth> common;
  for (const std::string& one : possible(value, bound)) {
    if (op != "===" && (!range || !Version::parse(one))) return Truth::kUnknown;
    const Truth answer = truth(op == "===" ? one == bound : range->contains(Version::of(one)));
    if (common && *common != answer) return Truth::kUnknown;
    common = answer;
  }
  return common.value_or(Truth::kUnknown);
}

Truth compare_texts(const std::string& left, const std::string& op, const std::string& right) {
  if (op == "==" || op == "===") return truth(left == right);
  if (op == "!=") return truth(left != right);
  if (op == "in") return truth(right.find(left) != std::string::npos);
  if (op == "not in") return truth(right.find(left) == std::string::npos);
  return Truth::kUnknown;  // an order of names, which nobody means
}

}  // namespace

/// Reads a marker from its beginning. Every step says whether the text goes on as the grammar has it.
class MarkerReader {
 public:
  explicit MarkerReader(std::string_view text) : rest_(text) {}

  bool alternatives(Marker& out, int depth) {
    constexpr int kDeepest = 8;
    if (depth > kDeepest || !all_of(out, depth)) return false;
    while (take_word("or")) {
      if (!all_of(out, depth)) return false;
      out.steps_.push_back({Marker::Step::Kind::kOr, {}, {}, {}});
    }
    return true;
  }

  bool done() {
    skip();
    return rest_.empty();
  }

 private:
  void skip() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }

  bool take(std::string_view sign) {
    skip();
    if (!support::starts_with(rest_, sign)) return false;
    rest_.remove_prefix(sign.size());
    return true;
  }

  bool take_word(std::string_view word) {
    skip();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word);
    if (rest_.substr(0, static_cast<std::size_t>(end - rest_.begin())) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool all_of(Marker& out, int depth) {
    if (!one(out, depth)) return false;
    while (take_word("and")) {
      if (!one(out, depth)) return false;
      out.steps_.push_back({Marker::Step::Kind::kAnd, {}, {}, {}});
    }
    return true;
  }

  bool one(Marker& out, int depth) {
    if (take("(")) return alternatives(out, depth + 1) && take(")");
    Marker::Step step{Marker::Step::Kind::kCompare, {}, {}, {}};
    if (!side(step.left) || !comparison(step.op) || !side(step.right)) return false;
    out.steps_.push_back(std::move(step));
    return true;
  }

  bool side(Marker::Side& out) {
    for (const char quote : {'\'', '"'}) {
      if (!take(std::string_view(&quote, 1))) continue;
      const auto end = rest_.find(quote);
      if (end == std::string_view::npos || rest_.substr(0, end).find('\\') != std::string_view::npos) return false;
      out = {false, std::string(rest_.substr(0, end))};
      rest_.remove_prefix(end + 1);
      return true;
    }
    for (const std::string_view variable : kVariables) {
      if (!take_word(variable)) continue;
      out = {true, std::string(variable)};
      return true;
    }
    return false;
  }

  bool comparison(std::string& out) {
    for (const std::string_view op : {"===", "==", "~=", "!=", "<=", ">=", "<", ">"}) {
      if (!take(op)) continue;
      out = op;
      return true;
    }
    out = take_word("not") ? "not in" : "in";
    return take_word("in");
  }

  std::string_view rest_;
};

std::optional<Marker> Marker::parse(std::string_view text) {
  Marker marker;
  MarkerReader reader(text);
  if (!reader.alternatives(marker, 0) || !reader.done()) return std::nullopt;
  marker.text_ = support::trim(text);
  return marker;
}

Truth Marker::compare(const Step& step, const MarkerValues& values) {
  if (step.left.variable == step.right.variable) return Truth::kUnknown;
  const Side& variable = step.left.variable ? step.left : step.right;
  const Side& literal = step.left.variable ? step.right : step.left;
  const auto value = values.find(variable.text);
  if (value == values.end()) return Truth::kUnknown;
  const bool contains = step.op == "in" || step.op == "not in";
  if (is_version(variable.text) && !(contains && step.right.variable))
    return compare_versions(value->second, step.left.variable ? step.op : turned(step.op), literal.text);
  if (is_version(variable.text)) return Truth::kUnknown;  // "'3' in python_version"
  return step.left.variable ? compare_texts(value->second, step.op, literal.text)
                            : compare_texts(literal.text, step.op, value->second);
}

Truth Marker::holds(const MarkerValues& values) const {
  std::vector<Truth> stack;
  for (const Step& step : steps_) {
    if (step.kind == Step::Kind::kCompare) {
      stack.push_back(compare(step, values));
      continue;
    }
    const Truth right = stack.back();
    stack.pop_back();
    stack.back() = step.kind == Step::Kind::kAnd ? std::min(stack.back(), right) : std::max(stack.back(), right);
  }
  return stack.back();
}

MarkerValues image_marker_values(const std::string& platform, const std::string& python) {
  MarkerValues values{{"os_name", "posix"},
                      {"sys_platform", "linux"},
                      {"platform_system", "Linux"},
                      {"implementation_name", "cpython"},
                      {"platform_python_implementation", "CPython"},
                      {"extra", ""}};
  if (!platform.empty()) values["platform_machine"] = platform == "linux/arm64" ? "aarch64" : "x86_64";
  if (python.empty()) return values;
  const std::string version = support::ends_with(python, "t") ? python.substr(0, python.size() - 1) : python;
  values["python_version"] = version;
  values["python_full_version"] = values["implementation_version"] = version + ".*";
  return values;
}

}  // namespace envforge::versions
