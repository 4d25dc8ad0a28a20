// The lines of a requirements file as pip joins them. Used by the recipe's reader and by the import.
#pragma once

#include <string>
#include <vector>

#include <envforge/support/error.hpp>

namespace envforge::documents {

struct RequirementLine {
  std::string text;  // without comment and hashes, never empty
  support::Where where;
  std::vector<std::string> hashes;  // "sha256:..."
};

/// A line that ends with '\' goes on in the next one, as `pip-compile --generate-hashes` and `uv export` write it.
/// Throws what check_document throws.
std::vector<RequirementLine> requirement_lines(const std::string& text, const std::string& file);

}  // namespace envforge::documents
