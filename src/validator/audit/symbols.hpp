// Whether every function of CUDA's libraries that torch's and NVIDIA's libraries call is in the copy that would be
// taken.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "audit/conflicts.hpp"
#include "audit/inventory.hpp"
#include "loader/root.hpp"

namespace envforge::validator::audit {

struct LibrarySymbols {
  std::string name;  // soname, or the file's name
  Copy copy;
  std::set<std::string> wanted, offered;  // names of CUDA's families only
};

/// Of torch's libraries and of the chosen copies.
std::vector<LibrarySymbols> read_symbols(const loader::Root& root, const Inventory& inventory);

/// A name that somebody wants, that belongs to the family of a library that is there, and that nobody offers. Pure.
std::vector<Conflict> find_missing_symbols(const std::vector<LibrarySymbols>& libraries);

/// "libnccl" of "ncclCommRegister", "libnvJitLink" of "__nvJitLinkComplete_12_4"; "" for a name of no family.
std::string library_of_symbol(std::string_view name);

}  // namespace envforge::validator::audit
