// Options that may be given more than once, and options of a few words.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

namespace envforge::cli {

/// One value behind each flag. CLI11's own lists go on to take the words after it: the recipe, and `--`.
inline CLI::Option* one_each(CLI::Option* option) {
  return option->expected(1)->allow_extra_args(false)->take_all();
}

/// Refuses a value that is empty, as a shell's variable that is not set leaves it: it would ask another question.
inline void refuse_empty_values(CLI::App& command) {
  const CLI::Validator not_empty(
      [](const std::string& value) { return value.empty() ? "its value is empty" : std::string(); }, "");
  for (CLI::Option* option : command.get_options()) {
    if (option->get_items_expected_max() > 0) option->check(not_empty);
  }
}

/// One of `words`; another is refused with the nearest. CLI11's own test names no nearest.
inline CLI::Validator one_of(const std::vector<std::string>& words) {
  const auto test = [words](const std::string& word) {
    for (const auto& known : words) {
      if (word == known) return std::string();
    }
    const std::string near = support::did_you_mean(word, words);
    return "'" + word + "' is none of " + support::join(words, ", ") + (near.empty() ? "" : "; " + near);
  };
  return CLI::Validator(test, "{" + support::join(words, ",") + "}");
}

}  // namespace envforge::cli
