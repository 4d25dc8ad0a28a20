// What the dynamic loader would read of a shared library: names, needs, search paths; and the table of sections. Used
// by the loader rules and the machine-code audit. It must not open files or know any library by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "elf/bytes.hpp"

namespace envforge::validator::elf {

enum class Machine : std::uint16_t { kX86_64 = 62, kAarch64 = 183 };

struct Section {
  std::string name;
  Bytes bytes;  // empty for a section without bytes in the file (.bss)
};

struct ElfFile {
  std::uint16_t machine = 0;  // a Machine, or another of the format's numbers
  std::string soname;         // "" = none
  std::vector<std::string> needed;
  std::optional<std::string> rpath;    // DT_RPATH, which the loader ignores when there is a RUNPATH
  std::optional<std::string> runpath;  // DT_RUNPATH
  std::string interpreter;             // of a program: the loader that the kernel starts it with; "" = none
  std::vector<Section> sections;

  const Section* section(const std::string& name) const;
};

/// Why the bytes are not a 64-bit little-endian ELF that can be read: "no ELF magic", "program headers beyond the end".
struct NotElf {
  std::string reason;
};

/// Reads headers, the dynamic segment (as the loader does, by program headers) and the section table. A section table
/// that is broken or stripped is no refusal, for the loader does not look at it: `sections` is then empty.
std::variant<ElfFile, NotElf> read_elf(const Bytes& file);

}  // namespace envforge::validator::elf
