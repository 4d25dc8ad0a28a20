// Reads the GPU code of an image's libraries from disk, for coverage.hpp to judge.
#pragma once

#include <string>
#include <vector>

#include "audit/coverage.hpp"
#include "loader/root.hpp"

namespace envforge::validator::audit {

struct ReadCode {
  std::vector<LibraryCode> libraries;  // those with GPU code, by name
  std::vector<std::string> malformed;  // libraries with a fat binary that could not be read
  std::size_t looked_at = 0;           // files that are libraries
  std::uint64_t bytes = 0;             // their sizes together
};

ReadCode read_code(const loader::Root& root, const std::vector<std::string>& files);

}  // namespace envforge::validator::audit
