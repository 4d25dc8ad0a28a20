#include <envforge/support/json_reader.hpp>

#include <cmath>
#include <limits>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

namespace envforge::support {
namespace {

using nlohmann::json;

Where position(const std::string& text, std::size_t byte, const std::string& file) {
  Where where{file, 1, 1, {}};
  for (std::size_t i = 0; i + 1 < byte && i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++where.line;
      where.column = 1;
    } else {
      ++where.column;
    }
  }
  return where;
}

// RFC 6901: ~ is ~0 and / is ~1.
std::string pointer_token(const std::string& key) {
  std::string out;
  for (const char c : key) out += c == '~' ? std::string("~0") : c == '/' ? std::string("~1") : std::string(1, c);
  return out;
}

const char* kind(const json& value) {
  return value.type_name();
}

}  // namespace

json parse_json(const std::string& text, const std::string& file, ErrorCode code) {
  constexpr int kDeepest = 64;
  std::vector<std::set<std::string>> keys;
  std::string trouble;
  const auto look = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kDeepest && trouble.empty()) trouble = "nested deeper than " + std::to_string(kDeepest);
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.empty()) {
      const auto key = parsed.get<std::string>();
      if (!keys.back().insert(key).second && trouble.empty()) trouble = "the key '" + printable(key) + "' stands twice";
    }
    return true;
  };
  json value;
  try {
    value = json::parse(text, look);
  } catch (const json::parse_error& error) {
    const bool cut = error.byte > text.size();
    throw Error(code,
                text.empty() ? "the file is empty"
                : cut        ? "not valid JSON: it ends too early"
                             : "not valid JSON",
                position(text, error.byte, file));
  } catch (const json::exception&) {  // a number that no double holds
    throw Error(code, "not acceptable JSON: a number is out of range", Where{file, 0, 0, {}});
  }
  if (!trouble.empty()) throw Error(code, "not acceptable JSON: " + trouble, Where{file, 0, 0, {}});
  return value;
}

JsonReader::JsonReader(const json& value, std::string file, ErrorCode code, std::string pointer)
    : value_(&value), file_(std::move(file)), code_(code), pointer_(std::move(pointer)) {
  if (!value.is_object()) fail(std::string("expected an object, found ") + kind(value));
}

void JsonReader::fail(const std::string& message, const std::string& key) const {
  throw Error(code_, message, Where{file_, 0, 0, key.empty() ? pointer_ : pointer_ + "/" + pointer_token(key)});
}

const json* JsonReader::find(const std::string& key) {
  known_.insert(key);
  const auto member = value_->find(key);
  return member == value_->end() ? nullptr : &*member;
}

bool JsonReader::has(const std::string& key) const {
  const auto member = value_->find(key);
  return member != value_->end() && !member->is_null();
}

const json& JsonReader::need(const std::string& key, const char* expected, bool (json::*is)() const noexcept) {
  const json* member = find(key);
  if (member == nullptr) fail("'" + key + "' is missing; expected " + expected);
  if (!(member->*is)()) fail("'" + key + "' is " + kind(*member) + "; expected " + expected, key);
  return *member;
}

std::string JsonReader::string(const std::string& key) {
  return need(key, "a string", &json::is_string).get<std::string>();
}

std::string JsonReader::string_or(const std::string& key, const std::string& otherwise) {
  return find(key) == nullptr ? otherwise : string(key);
}

std::int64_t JsonReader::integer(const std::string& key) {
  const json& member = need(key, "an integer", &json::is_number_integer);
  if (member.is_number_unsigned() &&
      member.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    fail("'" + key + "' is too large", key);
  }
  return member.get<std::int64_t>();
}

std::int64_t JsonReader::integer_or(const std::string& key, std::int64_t otherwise) {
  return find(key) == nullptr ? otherwise : integer(key);
}

double JsonReader::number(const std::string& key) {
  return need(key, "a number", &json::is_number).get<double>();
}

bool JsonReader::boolean(const std::string& key) {
  return need(key, "true or false", &json::is_boolean).get<bool>();
}

bool JsonReader::boolean_or(const std::string& key, bool otherwise) {
  return find(key) == nullptr ? otherwise : boolean(key);
}

std::optional<std::string> JsonReader::maybe_string(const std::string& key) {
  const json* member = find(key);
  if (member == nullptr || member->is_null()) return std::nullopt;
  return string(key);
}

std::vector<std::string> JsonReader::strings(const std::string& key) {
  std::vector<std::string> out;
  for (const auto& element : need(key, "an array of strings", &json::is_array)) {
    if (!element.is_string()) fail("an element of '" + key + "' is " + kind(element) + "; expected a string", key);
    out.push_back(element.get<std::string>());
  }
  return out;
}

JsonReader JsonReader::object(const std::string& key) {
  return {need(key, "an object", &json::is_object), file_, code_, pointer_ + "/" + pointer_token(key)};
}

std::vector<JsonReader> JsonReader::objects(const std::string& key) {
  std::vector<JsonReader> out;
  std::size_t index = 0;
  for (const auto& element : need(key, "an array of objects", &json::is_array)) {
    out.emplace_back(element, file_, code_, pointer_ + "/" + pointer_token(key) + "/" + std::to_string(index++));
  }
  return out;
}

void JsonReader::members(const std::function<void(const std::string&, const json&)>& each) {
  for (const auto& [key, member] : value_->items()) {
    known_.insert(key);
    each(key, member);
  }
}

const json& JsonReader::raw(const std::string& key) {
  const json* member = find(key);
  if (member == nullptr) fail("'" + key + "' is missing");
  return *member;
}

void JsonReader::finish() const {
  for (const auto& [key, member] : value_->items()) {
    if (known_.count(key) > 0) continue;
    const std::vector<std::string> names(known_.begin(), known_.end());
    const std::string near = did_you_mean(key, names);
    fail("unknown key '" + printable(key) + "'" + (near.empty() ? "" : "; " + near), key);
  }
}

}  // namespace envforge::support
