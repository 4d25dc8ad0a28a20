// The options that lock, build and render share.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <envforge/app/lock_recipe.hpp>

namespace envforge::cli {

struct LockArguments {
  std::string recipe;
  bool locked = false;
  bool frozen = false;
  bool no_packages = false;
  std::vector<std::string> upgrade;  // kEverything, or names
  std::string exclude_newer;
};

void add_lock_arguments(CLI::App& command, LockArguments& arguments, bool locked_in_ci = true);
/// Where CI is set in the environment, the default is --locked.
app::LockOptions lock_options(const LockArguments& arguments);

}  // namespace envforge::cli
