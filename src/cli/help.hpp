// How the help of every command is laid out: no line longer than a terminal of 80 columns.
#pragma once

#include <CLI/CLI.hpp>

namespace envforge::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(26); }
  std::string make_description(const CLI::App* command) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;

 private:
  std::string row(const std::string& name, const std::string& description) const;
};

/// What stands below the help: the exit codes and where errors are explained.
std::string help_footer();

}  // namespace envforge::cli
