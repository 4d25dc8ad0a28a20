#include "escape.hpp"

#include <algorithm>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::render {
namespace {

using support::Error;
using support::ErrorCode;

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool all_of(std::string_view value, std::string_view punctuation) {
  return std::all_of(value.begin(), value.end(),
                     [&](char c) { return is_alnum(c) || punctuation.find(c) != std::string_view::npos; });
}

[[noreturn]] void refuse(std::string_view value, const std::string& place, const std::string& expected) {
  throw Error(ErrorCode::kUnprintableValue,
              "'" + support::printable(value) + "' cannot stand in " + place + ": expected " + expected);
}

// Newlines would begin an instruction of their own; the other control characters have no business in an image's text.
void refuse_control(std::string_view value, const std::string& place) {
  const bool control = std::any_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
  if (control) refuse(value, place, "text on one line without control characters");
}

}  // namespace

std::string shell_word(std::string_view value) {
  refuse_control(value, "a RUN command");
  if (!value.empty() && all_of(value, "-_./:=@%+,")) return std::string(value);
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string assigned_value(std::string_view value) {
  refuse_control(value, "ENV or LABEL");
  if (!value.empty() && all_of(value, "-_./:@%+,=")) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string environment_name(std::string_view value) {
  const bool starts_well = !value.empty() && !(value.front() >= '0' && value.front() <= '9');
  if (!starts_well || !all_of(value, "_")) refuse(value, "ENV as a name", "letters, digits and _, no digit first");
  return std::string(value);
}

std::string label_name(std::string_view value) {
  const bool starts_well = !value.empty() && is_alnum(value.front()) && is_alnum(value.back());
  if (!starts_well || !all_of(value, ".-_")) refuse(value, "LABEL as a name", "a name like org.example.key");
  return std::string(value);
}

std::string exec_form(const std::vector<std::string>& argv) {
  std::string out = "[";
  for (const auto& word : argv) {
    out += out.size() == 1 ? "\"" : ", \"";
    for (const char c : word) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out += '\\';
        out += c;
      } else if (byte < 0x20 || byte == 0x7f) {
        out += "\\u00";
        out += kHexDigits[byte >> 4];
        out += kHexDigits[byte & 0xf];
      } else {
        out += c;
      }
    }
    out += '"';
  }
  return out + "]";
}

std::string path_word(std::string_view value) {
  refuse_control(value, "a path");
  if (value.empty() || value.front() == '-') refuse(value, "a path", "a path that does not begin with -");
  if (all_of(value, "-_./@+:,=~")) return std::string(value);
  // A blank would end the word in COPY, and its JSON form expands variables all the same.
  refuse(value, "a path", "letters, digits and -_./@+:,=~");
}

std::string flag_value(std::string_view value) {
  if (value.empty() || !all_of(value, "-_./@+:"))
    refuse(value, "a flag of an instruction", "letters, digits and -_./@+:");
  return std::string(value);
}

std::string image_reference(std::string_view value) {
  if (value.empty() || !is_alnum(value.front()) || !all_of(value, "-_./:@")) {
    refuse(value, "FROM", "a reference like registry.example/name:tag@sha256:...");
  }
  return std::string(value);
}

std::string comment_text(std::string_view value) {
  refuse_control(value, "a comment");
  return std::string(value);
}

}  // namespace envforge::render
