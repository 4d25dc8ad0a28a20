#include "command_table.hpp"

namespace envforge::cli {

const std::vector<CommandRow>& command_table() {
  static const std::vector<CommandRow> rows = {
      {"init", "daily", "write a first recipe from flags, or from another tool's file", declare_init},
      {"lock", "daily", "solve the version set of a recipe and write its lock", declare_lock},
      {"build", "daily", "lock if needed, render, docker build, check installed == locked, tag", declare_build},
      {"verify", "daily", "run the validator in the image and report", declare_verify},
      {"run", "daily", "start the container as the recipe says: GPUs, volumes, ports, shm, limits", declare_run},
      {"explain", "ask", "say why a recipe resolves or not; --matrix lists what exists", declare_explain},
      {"diff", "ask", "put two locks, recipes, images or reports side by side: what changes, and for whom",
       declare_diff},
      {"inspect", "ask", "show what a running process is made of and what it waits for", declare_inspect},
      {"doctor", "ask", "say what this machine lacks for each command, with the fix", declare_doctor},
      {"render", "rest", "write the Dockerfile and a context that build without envforge", declare_render},
      {"completion", "rest", "print the completion script of bash, zsh or fish", declare_completion},
      {"data", "rest",
       "the compatibility data, its age and digest; `check` it against PyPI, `draft` a row, `update` it", declare_data},
  };
  return rows;
}

std::vector<std::string> long_options(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

}  // namespace envforge::cli
