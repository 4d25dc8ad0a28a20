// Makes the bytes of small shared libraries and fat binaries, for the tests of the ELF reader, the loader rules and the
// library audit. Only what those read is filled in; nothing here can be executed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envforge::tests {

inline void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(i < 8 ? value >> (8 * i) & 0xff : 0));
}

inline void put_at(std::string& out, std::size_t at, std::uint64_t value, int bytes) {
  std::string text;
  put(text, value, bytes);
  out.replace(at, text.size(), text);
}

struct FatEntry {
  bool sass = true;
  unsigned architecture = 90;
  char suffix = 0;
  std::size_t payload = 16;
};

/// One fat binary with 64-byte entry headers, as nvcc of CUDA 12 writes them.
inline std::string fat_binary(const std::vector<FatEntry>& entries) {
  std::string body;
  for (const FatEntry& entry : entries) {
    const std::size_t start = body.size();
    body.append(64, '\0');
    put_at(body, start, entry.sass ? 2 : 1, 2);
    put_at(body, start + 4, 64, 4);
    put_at(body, start + 8, entry.payload, 8);
    put_at(body, start + 28, entry.architecture, 4);
    put_at(body, start + 40, entry.suffix == 'a' ? 0x100000 : entry.suffix == 'f' ? 0x200000 : 0, 8);
    body.append(entry.payload, 'x');
  }
  std::string out;
  put(out, 0xBA55ED50U, 4);
  put(out, 1, 2);
  put(out, 16, 2);
  put(out, body.size(), 8);
  return out + body;
}

/// The sections .dynsym and .dynstr of a library that wants and offers these names.
inline std::vector<std::pair<std::string, std::string>> symbol_sections(const std::vector<std::string>& wanted,
                                                                        const std::vector<std::string>& offered) {
  std::string names(1, '\0');
  std::string table(24, '\0');
  const auto add = [&](const std::string& name, unsigned section, unsigned binding) {
    put(table, names.size(), 4);
    put(table, binding << 4U | 2, 1);
    put(table, 0, 1);
    put(table, section, 2);
    put(table, 0, 16);
    names += name;
    names.push_back('\0');
  };
  for (const auto& name : wanted) add(name, 0, 1);
  for (const auto& name : offered) add(name, 1, 1);
  add("ncclWeakAndAbsent", 0, 2);
  return {{".dynsym", table}, {".dynstr", names}};
}

struct ElfRecipe {
  std::string soname;
  std::vector<std::string> needed;
  std::string rpath, runpath;                                 // "" = none
  std::vector<std::pair<std::string, std::string>> sections;  // name, bytes
  unsigned machine = 62;                                      // x86-64
  std::size_t padding = 0;                                    // bytes at the end, to make the file larger
};

/// Header, one PT_LOAD over the file, one PT_DYNAMIC, the sections, the section table. Addresses are offsets + 0x10000.
inline std::string elf_library(const ElfRecipe& recipe) {
  constexpr std::uint64_t kBase = 0x10000;
  std::string strings(1, '\0');
  const auto text = [&](const std::string& value) {
    const std::size_t at = strings.size();
    strings += value;
    strings.push_back('\0');
    return at;
  };
  std::vector<std::pair<std::uint64_t, std::uint64_t>> tags;
  for (const auto& name : recipe.needed) tags.emplace_back(1, text(name));
  if (!recipe.soname.empty()) tags.emplace_back(14, text(recipe.soname));
  if (!recipe.rpath.empty()) tags.emplace_back(15, text(recipe.rpath));
  if (!recipe.runpath.empty()) tags.emplace_back(29, text(recipe.runpath));

  std::string out(64 + 2 * 56, '\0');
  const std::size_t strings_at = out.size();
  out += strings;
  tags.emplace_back(5, strings_at + kBase);
  tags.emplace_back(10, strings.size());
  tags.emplace_back(0, 0);
  const std::size_t dynamic_at = out.size();
  for (const auto& [tag, value] : tags) {
    put(out, tag, 8);
    put(out, value, 8);
  }
  const std::size_t dynamic_size = out.size() - dynamic_at;

  std::string names(1, '\0');
  std::string table(64, '\0');  // section 0
  const auto add = [&](const std::string& name, std::size_t at, std::size_t size) {
    const std::size_t row = table.size();
    table.append(64, '\0');
    put_at(table, row, names.size(), 4);
    names += name;
    names.push_back('\0');
    put_at(table, row + 4, 1, 4);
    put_at(table, row + 24, at, 8);
    put_at(table, row + 32, size, 8);
  };
  for (const auto& [name, bytes] : recipe.sections) {
    out.append((8 - out.size() % 8) % 8, '\0');
    add(name, out.size(), bytes.size());
    out += bytes;
  }
  add(".shstrtab", out.size(), names.size() + std::string_view(".shstrtab").size() + 1);
  out += names;
  const std::size_t table_at = out.size();
  out += table;
  out.append(recipe.padding, '\0');

  out.replace(0, 6,
              std::string("\x7f"
                          "ELF\x02\x01"));
  put_at(out, 16, 3, 2);
  put_at(out, 18, recipe.machine, 2);
  put_at(out, 32, 64, 8);
  put_at(out, 40, table_at, 8);
  put_at(out, 54, 56, 2);
  put_at(out, 56, 2, 2);
  put_at(out, 58, 64, 2);
  put_at(out, 60, recipe.sections.size() + 2, 2);
  put_at(out, 62, recipe.sections.size() + 1, 2);
  put_at(out, 64, 1, 4);
  put_at(out, 64 + 16, kBase, 8);
  put_at(out, 64 + 32, out.size(), 8);
  put_at(out, 120, 2, 4);
  put_at(out, 120 + 8, dynamic_at, 8);
  put_at(out, 120 + 16, dynamic_at + kBase, 8);
  put_at(out, 120 + 32, dynamic_size, 8);
  return out;
}

}  // namespace envforge::tests
