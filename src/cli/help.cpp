#include "help.hpp"

#include <envforge/support/exit_code.hpp>
#include <envforge/support/text.hpp>

namespace envforge::cli {

std::string HelpFormatter::make_description(const CLI::App* command) const {
  return support::wrap(command->get_description(), 0, 0) + "\n";
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  return row(make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option));
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
  return row(command->get_display_name(true), command->get_description());
}

std::string HelpFormatter::row(const std::string& name, const std::string& description) const {
  const std::size_t column = get_column_width();
  std::string out = "  " + name;
  if (description.empty()) return out + "\n";
  out += out.size() < column ? std::string(column - out.size(), ' ') : "\n" + std::string(column, ' ');
  return out + support::wrap(description, column, column) + "\n";
}

std::string help_footer() {
  constexpr std::size_t kCodes = 5;
  std::string text = "Exit codes:\n";
  for (const auto& row : support::kExitCodes) {
    std::string number = std::to_string(static_cast<int>(row.code));
    number.insert(0, kCodes - number.size(), ' ');
    text += number + "  " + support::wrap(row.meaning, kCodes + 2, kCodes + 2) + "\n";
  }
  return text +
         support::wrap("Errors have stable codes (EF3001); the first digit is the exit code. See docs/errors.md.", 0,
                       0) +
         "\n";
}

}  // namespace envforge::cli
