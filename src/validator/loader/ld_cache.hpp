// /etc/ld.so.cache: which file the loader knows for a soname. Hostile input is safe; an unknown format is no entries.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "elf/bytes.hpp"

namespace envforge::validator::loader {

struct CacheEntry {
  std::string soname;
  std::string path;
};

/// The entries for 64-bit libraries of `machine` (an ELF machine number), in the cache's order; those that need a
/// special CPU (glibc-hwcaps) are left out. Reads glibc's format 1.1, alone or behind the old one.
std::vector<CacheEntry> read_ld_cache(const elf::Bytes& file, std::uint16_t machine);

}  // namespace envforge::validator::loader
