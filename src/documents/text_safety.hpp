// Which characters may stand in a document. Used by the YAML tree, the requirements file and the lock reader.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace envforge::documents {

struct UnsafeCharacter {
  std::size_t offset = 0;
  std::string name;  // "U+202E (a bidirectional control)"
};

enum class TextKind {
  kLine,      // one value: no control character at all
  kDocument,  // a whole file: line feeds, carriage returns and tabs are its layout
};

/// The first character that could start a new line, move a cursor, or show a reader another text than a program sees:
/// control characters, bidirectional controls, invisible characters, bytes that are no UTF-8.
std::optional<UnsafeCharacter> find_unsafe(std::string_view text, TextKind kind);

}  // namespace envforge::documents
