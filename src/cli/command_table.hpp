// The commands, one row each: help, listing and dispatch come from this table.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <envforge/support/exit_code.hpp>

#include "session.hpp"

namespace envforge::cli {

using Action = std::function<support::ExitCode(Session&)>;

struct CommandRow {
  std::string_view name;
  std::string_view group;  // daily, ask, rest
  std::string_view description;
  Action (*declare)(CLI::App& command);  // adds the options and returns what to do
};

const std::vector<CommandRow>& command_table();

/// "--json" and so on, as the options of `app` are written.
std::vector<std::string> long_options(const CLI::App& app);

// One per file of src/cli/commands.
Action declare_build(CLI::App& command);
Action declare_completion(CLI::App& command);
Action declare_data(CLI::App& command);
Action declare_diff(CLI::App& command);
Action declare_doctor(CLI::App& command);
Action declare_explain(CLI::App& command);
Action declare_init(CLI::App& command);
Action declare_inspect(CLI::App& command);
Action declare_lock(CLI::App& command);
Action declare_render(CLI::App& command);
Action declare_run(CLI::App& command);
Action declare_verify(CLI::App& command);

}  // namespace envforge::cli
