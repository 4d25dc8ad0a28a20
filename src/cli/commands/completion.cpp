#include <algorithm>
#include <memory>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/completion_words.hpp"

namespace envforge::cli {
namespace {

// The shells ask envforge itself: no list of words stands twice. Without an answer they complete file names.
// bash splits words at '=' and ':' too, and replaces the last part alone: the parts are put together again, and what
// stands before the last one is cut off the answer.
constexpr const char* kBash = R"sh(# bash completion of envforge: source <(envforge completion bash)
_envforge() {
  local IFS=$'\n' word rest=${COMP_LINE#*"${COMP_WORDS[0]}"} before='' typed=() i
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 1)) && [[ $word != '' && $rest == "$word"* ]]; then
      before=${typed[-1]}
      typed[-1]+=$word
      [[ $word == *[!=:]* ]] || before=${typed[-1]}
    else
      before=''
      typed+=("$word")
    fi
    rest=${rest#*"$word"}
  done
  before=${before//[\\\"\']/}
  typed=("${typed[@]//[\\\"\']/}")
  COMPREPLY=()
  while read -r word; do
    [[ $word != *= ]] || compopt -o nospace 2>/dev/null
    word=${word:${#before}}
    [[ ${COMP_WORDS[COMP_CWORD]} == [\"\']* ]] || word=$(printf '%q' "$word")
    COMPREPLY+=("$word")
  done < <("${COMP_WORDS[0]}" completion --line -- "${typed[@]}" 2>/dev/null)
}
complete -o default -F _envforge envforge
)sh";

constexpr const char* kZsh = R"sh(#compdef envforge
# zsh completion of envforge: source <(envforge completion zsh)
_envforge() {
  local -a found open
  found=("${(@f)$("${words[1]}" completion --line -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${(@)found:#}")
  open=("${(@M)found:#*=}")
  found=("${(@)found:#*=}")
  (( ${#open} )) && compadd -S '' -a open
  if (( ${#found} )); then compadd -a found; elif (( ! ${#open} )); then _files; fi
}
compdef _envforge envforge
)sh";

constexpr const char* kFish = R"sh(# fish completion of envforge: envforge completion fish | source
function __envforge_complete
  set -l line (commandline -opc) (commandline -ct)
  envforge completion --line -- $line[2..] 2>/dev/null
end
complete -c envforge -a '(__envforge_complete)'
)sh";

struct Shell {
  const char* name;
  const char* script;
};
constexpr Shell kShells[] = {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};

std::vector<const CLI::App*> commands_of(const CLI::App& root) {
  return root.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
}

const CLI::App* command_named(const CLI::App& root, const std::string& word) {
  for (const auto* command : commands_of(root)) {
    if (command->check_name(word)) return command;
  }
  return nullptr;
}

// The options of a command and of those that it is a part of, the nearest first.
const CLI::Option* option_named(const CLI::App& command, const std::string& word) {
  if (word.size() < 2 || word.front() != '-') return nullptr;
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    for (const auto* option : app->get_options()) {
      if (option->check_name(word)) return option;
    }
  }
  return nullptr;
}

Words names_of_options(const CLI::App& command) {
  Words out;
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    for (auto& name : long_options(*app)) {
      if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
    }
  }
  return out;
}

Words names_of_commands(const CLI::App& root) {
  Words out;
  for (const auto* command : commands_of(root)) out.push_back(command->get_name());
  return out;
}

// The option whose value comes next: the last one before the end that has not yet all that it takes.
std::string open_option(const CLI::App& command, const Words& words) {
  const auto before_last = words.empty() ? words.end() : words.end() - 1;
  for (auto word = before_last; word != words.begin(); --word) {
    const auto* option = option_named(command, *(word - 1));
    if (option != nullptr) return option->get_items_expected_max() > before_last - word ? *(word - 1) : "";
  }
  return "";
}

Words shells() {
  Words out;
  for (const auto& shell : kShells) out.emplace_back(shell.name);
  return out;
}

/// `words` is the line behind the program's name, the last one is being typed.
Words candidates(const CLI::App& root, const Words& words, Session& session) {
  const std::string last = words.empty() ? "" : words.back();
  const CLI::App* command = &root;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (const auto* part = command_named(*command, words[i])) command = part;
  }
  const std::string& name = command->get_name();
  if (const std::string option = open_option(*command, words); !option.empty())
    return values_at({name, option, last, words}, session).value_or(Words());
  const auto equals = last.find('=');
  if (support::starts_with(last, "--") && equals != std::string::npos) {
    const std::string option = last.substr(0, equals);
    Words values = values_at({name, option, last.substr(equals + 1), words}, session).value_or(Words());
    for (auto& value : values) value.insert(0, option + "=");
    return values;
  }
  if (!last.empty() && last.front() == '-') return names_of_options(*command);
  if (!commands_of(*command).empty()) return names_of_commands(*command);
  return name == "completion" ? shells() : arguments_of(name, session);
}

struct CompletionArguments {
  bool line = false;
  Words words;
};

}  // namespace

Action declare_completion(CLI::App& command) {
  auto arguments = std::make_shared<CompletionArguments>();
  command.add_option("words", arguments->words, "bash, zsh or fish");
  command.add_flag("--line", arguments->line, "what the script asks: the words that may stand at the end of a line");
  const CLI::App* root = command.get_parent();
  return [arguments, root](Session& session) {
    if (arguments->line) {
      const std::string typed = arguments->words.empty() ? "" : arguments->words.back();
      for (const auto& word : candidates(*root, arguments->words, session)) {
        if (support::starts_with(support::to_lower(word), support::to_lower(typed))) print_out(word + "\n");
      }
      return support::ExitCode::kDone;
    }
    for (const auto& shell : kShells) {
      if (arguments->words != Words{shell.name}) continue;
      print_out(shell.script);
      return support::ExitCode::kDone;
    }
    throw support::Error(support::ErrorCode::kUsage, "expected the name of a shell: bash, zsh or fish", std::nullopt,
                         "such as `source <(envforge completion bash)`");
  };
}

}  // namespace envforge::cli
