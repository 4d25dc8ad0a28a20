#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <envforge/compat/machine_code.hpp>
#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

// The shells ask envforge itself: no list of words stands twice. Without an answer they complete file names.
constexpr const char* kBash = R"sh(# bash completion of envforge: source <(envforge completion bash)
_envforge() {
  local IFS=$'\n' word typed=("${COMP_WORDS[@]:1:COMP_CWORD}")
  typed=("${typed[@]//[\\\"\']/}")
  COMPREPLY=()
  while read -r word; do
    COMPREPLY+=("$(printf '%q' "$word")")
  done < <("${COMP_WORDS[0]}" completion --line -- "${typed[@]}" 2>/dev/null)
}
complete -o default -F _envforge envforge
)sh";

constexpr const char* kZsh = R"sh(#compdef envforge
# zsh completion of envforge: source <(envforge completion zsh)
_envforge() {
  local -a found
  found=("${(@f)$("${words[1]}" completion --line -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  found=("${(@)found:#}")
  if (( ${#found} )); then compadd -a found; else _files; fi
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

// As people write them: "RTX 5090", for vendor words do not count.
Words gpus(const compat::Knowledge& knowledge) {
  constexpr std::string_view kVendor = "GeForce ";
  Words out;
  for (const auto& gpu : knowledge.tables().gpus)
    out.emplace_back(support::starts_with(gpu.name, kVendor) ? gpu.name.substr(kVendor.size()) : gpu.name);
  for (const auto& architecture : knowledge.tables().architectures) out.push_back(compat::sm_name(architecture.cc));
  return out;
}

Words torch_versions(const compat::Knowledge& knowledge) {
  Words out{"auto"};
  for (const auto& release : knowledge.tables().releases) out.emplace_back(release.version);
  return out;
}

Words cuda_variants(const compat::Knowledge& knowledge) {
  std::set<std::string> variants;
  for (const auto& release : knowledge.tables().releases) {
    for (const auto& build : release.builds) {
      variants.emplace(build.cuda_variant);
      variants.emplace(build.cuda);
    }
  }
  return {variants.begin(), variants.end()};
}

Words driver_branches(const compat::Knowledge& knowledge) {
  Words out;
  for (const auto& branch : knowledge.tables().branches) out.emplace_back(branch.branch.substr(1));
  return out;
}

Words bases(const compat::Knowledge& knowledge) {
  Words out;
  for (const auto& base : knowledge.tables().bases) out.emplace_back(base.name);
  return out;
}

Words checks() {
  Words out = protocol::known_checks();
  const auto& groups = protocol::known_groups();
  out.insert(out.end(), groups.begin(), groups.end());
  return out;
}

bool is_recipe(const fs::path& file) {
  constexpr std::uint64_t kMaxBytes = 1 << 18;
  try {
    return support::read_file(file, kMaxBytes).find("schema: envforge/recipe/") != std::string::npos;
  } catch (const support::Error&) {
    return false;
  }
}

/// Recipes and locks here and in recipes/; `locks` too where a command takes both.
Words documents(bool recipes, bool locks) {
  Words out;
  for (const char* folder : {".", "recipes"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const auto extension = entry.path().extension();
      const bool yaml = extension == ".yaml" || extension == ".yml";
      if ((recipes && yaml && is_recipe(entry.path())) || (locks && extension == ".lock"))
        out.push_back(entry.path().lexically_normal().string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The values of an option, by its name; nullopt: a file, or what nobody can list.
std::optional<Words> values_of(const std::string& option, Session& session) {
  if (option == "--gpu") return gpus(session.knowledge());
  if (option == "--torch") return torch_versions(session.knowledge());
  if (option == "--cuda") return cuda_variants(session.knowledge());
  if (option == "--driver") return driver_branches(session.knowledge());
  if (option == "--base") return bases(session.knowledge());
  if (option == "--platform") return Words{"linux/amd64", "linux/arm64"};
  if (option == "--suite") return Words{"quick", "standard", "soak"};
  if (option == "--only" || option == "--skip" || option == "--require") return checks();
  if (option == "--gpus") return Words{"all", "idle", "none"};
  if (option == "--color") return Words{"auto", "always", "never"};
  if (option == "--locks") return documents(false, true);
  return std::nullopt;
}

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

Words arguments_of(const std::string& command) {
  if (command == "completion") {
    Words out;
    for (const auto& shell : kShells) out.emplace_back(shell.name);
    return out;
  }
  if (command == "diff") return documents(true, true);
  static const std::set<std::string> kWithRecipe = {"lock", "build", "render", "run", "explain", "verify"};
  return kWithRecipe.count(command) > 0 ? documents(true, false) : Words();
}

/// `words` is the line behind the program's name, the last one is being typed.
Words candidates(const CLI::App& root, const Words& words, Session& session) {
  const std::string last = words.empty() ? "" : words.back();
  const std::string before = words.size() < 2 ? "" : words[words.size() - 2];
  const CLI::App* command = &root;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (const auto* part = command_named(*command, words[i])) command = part;
  }
  const auto* option = option_named(*command, before);
  if (option != nullptr && option->get_items_expected_max() > 0) return values_of(before, session).value_or(Words());
  if (!last.empty() && last.front() == '-') return names_of_options(*command);
  return commands_of(*command).empty() ? arguments_of(command->get_name()) : names_of_commands(*command);
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
