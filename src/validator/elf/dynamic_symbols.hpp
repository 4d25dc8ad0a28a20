// Which names a library takes from others and which it offers: its dynamic symbol table, as far as the caller wants it.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "elf/elf_file.hpp"

namespace envforge::validator::elf {

struct DynamicSymbols {
  std::set<std::string> wanted;   // undefined and not weak: the loader must find them
  std::set<std::string> offered;  // defined here
};

/// Only names that `wants` takes are kept: libtorch_cuda.so has hundreds of thousands. Empty where the section table
/// was stripped.
DynamicSymbols read_dynamic_symbols(const ElfFile& file, const std::function<bool(std::string_view)>& wants);

}  // namespace envforge::validator::elf
