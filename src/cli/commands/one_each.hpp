// Options that may be given more than once.
#pragma once

#include <CLI/CLI.hpp>

namespace envforge::cli {

/// One value behind each flag. CLI11's own lists go on to take the words after it: the recipe, and `--`.
inline CLI::Option* one_each(CLI::Option* option) {
  return option->expected(1)->allow_extra_args(false)->take_all();
}

}  // namespace envforge::cli
