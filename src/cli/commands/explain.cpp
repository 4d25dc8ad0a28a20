#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include <envforge/app/load_recipe.hpp>
#include <envforge/app/site_requests.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/lock_effect.hpp>
#include <envforge/resolve/matrix.hpp>
#include <envforge/resolve/what_if.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/glob.hpp>
#include <envforge/support/suggest.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/one_each.hpp"
#include "explain_json.hpp"

namespace envforge::cli {
namespace {

struct ExplainArguments {
  std::string recipe;
  bool matrix = false, csv = false;
  std::string why_not;  // cuda=12.1
  std::string upgrade;  // torch=2.7
  std::string about;    // nvidia/cuda:12.4.0-cudnn8-devel-ubuntu22.04
  std::vector<std::string> locks, pools;
  resolve::MatrixFilter filter;  // its forward_compat is of a recipe too
};

template <class Answer>
std::string json_text(const Answer& answer, Session& session) {
  return support::readable_json(explain_json(answer, session.knowledge()));
}

documents::Recipe load_recipe(Session& session, const ExplainArguments& arguments) {
  auto recipe = app::load_recipe(arguments.recipe, session.site());
  for (auto& machines : recipe.spec.pools) {
    if (machines.driver && arguments.filter.forward_compat) machines.forward_compat = true;
  }
  return recipe;
}

// The machines of the recipe, and nothing else of it: what could serve them is the question.
void add_target(resolve::MatrixFilter& filter, const documents::ImageSpec& spec) {
  filter.pools = spec.pools;
  if (filter.platform.empty() && spec.platforms.size() == 1) filter.platform = spec.platforms.front();
}

support::ExitCode show_matrix(Session& session, const ExplainArguments& arguments) {
  const auto& knowledge = session.knowledge();
  auto filter = arguments.filter;
  if (!arguments.recipe.empty()) add_target(filter, load_recipe(session, arguments).spec);
  const auto rows = resolve::matrix(knowledge, filter);
  const auto deciders = resolve::matrix_deciders(knowledge, filter);
  auto notes = resolve::matrix_notes(knowledge, filter);
  if (const std::string told = resolve::sentence(deciders, rows); !told.empty()) notes.push_back(told);
  if (session.options().json) {
    print_out(support::readable_json(explain_json(rows, notes, deciders, knowledge)));
  } else if (arguments.csv) {
    print_out(resolve::matrix_csv(rows));
    for (const std::string& note : notes) print_err("note: " + note + "\n");
  } else {
    print_out(resolve::matrix_text(rows, notes, knowledge, session.terminal().out_columns));
  }
  return support::ExitCode::kDone;
}

support::ExitCode show_what_if(Session& session, const documents::ImageSpec& spec, const resolve::Question& question) {
  const auto answer = resolve::what_if(spec, session.knowledge(), question, app::site_pythons(session.site()));
  print_out(session.options().json ? json_text(answer, session) : resolve::explain(answer));
  return std::holds_alternative<resolve::Conflict>(answer.asked) ? support::ExitCode::kNoSolution
                                                                 : support::ExitCode::kDone;
}

support::ExitCode show_topic(Session& session, const std::string& asked) {
  const auto& knowledge = session.knowledge();
  const auto topics = knowledge.topics_about(asked);
  print_out(session.options().json ? support::readable_json(explain_json(asked, topics, knowledge))
                                   : resolve::explain_topic(support::printable(asked), knowledge));
  const auto image = resolve::about_image(asked, knowledge);
  const bool known = !topics.empty() || (image && image->exists);
  return known ? support::ExitCode::kDone : support::ExitCode::kNoSolution;
}

support::ExitCode show_recipe(Session& session, const documents::ImageSpec& spec) {
  const auto outcome = resolve::resolve(spec, session.knowledge(), app::site_pythons(session.site()));
  print_out(session.options().json ? json_text(outcome, session) : resolve::explain(outcome));
  return std::holds_alternative<resolve::Conflict>(outcome) ? support::ExitCode::kNoSolution : support::ExitCode::kDone;
}

struct LockFile {
  std::string path;
  bool of_pattern = false;  // nobody named it
};

// A shell without globstar, and one that was given quotes, leaves the pattern to its command.
std::vector<LockFile> lock_files(const std::vector<std::string>& values) {
  std::vector<LockFile> files;
  for (const std::string& value : values) {
    std::error_code error;
    if (!support::is_glob(value) || std::filesystem::exists(value, error)) {
      files.push_back({value, false});
      continue;
    }
    const auto found = support::files_matching(value);
    if (found.empty())
      throw support::Error(support::ErrorCode::kUsage,
                           "--locks '" + support::printable(value) + "': no file is named so", std::nullopt,
                           "`*` stands for what is between two '/', `**` for folders of any depth");
    for (const std::string& file : found) files.push_back({file, true});
  }
  return files;
}

struct Locks {
  std::vector<std::pair<std::string, documents::Lock>> read;  // with their files
  std::vector<std::string> foreign;                           // uv.lock, poetry.lock ...
  std::vector<support::Error> broken;
};

// One file of a pattern that cannot be read must not cost the answer about all others.
Locks read_locks(const std::vector<LockFile>& files) {
  Locks locks;
  for (const LockFile& file : files) {
    try {
      const std::string text = support::read_file(file.path);
      if (file.of_pattern && text.find("\"envforge/lock\"") == std::string::npos) {
        locks.foreign.push_back(support::printable(file.path));
      } else {
        locks.read.emplace_back(file.path, documents::read_lock(text, file.path));
      }
    } catch (const support::Error& error) {
      if (!file.of_pattern) throw;
      locks.broken.push_back(error);
    }
  }
  return locks;
}

// A name that no lock has is a typing error: "not concerned" for all of them would be green.
void refuse_unknown_pools(const Locks& locks, const std::vector<resolve::PoolChange>& changes) {
  std::set<std::string> names;
  for (const auto& [file, lock] : locks.read) {
    for (const auto& pool : lock.spec.pools) names.insert(pool.name);
  }
  const std::vector<std::string> known(names.begin(), names.end());
  for (const auto& change : changes) {
    if (known.empty() || !change.gpus.empty() || names.count(change.name) > 0) continue;
    const std::string near = support::did_you_mean(change.name, known);
    throw support::Error(support::ErrorCode::kUsage,
                         "--pool '" + support::printable(change.name) + "': no lock here has such a pool", std::nullopt,
                         near.empty() ? "their pools are " + support::join(known, ", ") : near);
  }
}

support::ExitCode show_lock_effects(Session& session, const ExplainArguments& arguments) {
  std::vector<resolve::PoolChange> changes;
  for (const std::string& text : arguments.pools) resolve::add_pool_change(changes, text);
  const Locks locks = read_locks(lock_files(arguments.locks));
  refuse_unknown_pools(locks, changes);
  std::vector<resolve::LockEffect> effects;
  for (const auto& [file, lock] : locks.read) {
    const auto of_lock = resolve::lock_effects(lock, file, changes, session.knowledge());
    effects.insert(effects.end(), of_lock.begin(), of_lock.end());
  }
  if (!effects.empty())
    print_out(session.options().json ? json_text(effects, session)
                                     : resolve::explain(effects, session.terminal().out_is_terminal));
  if (!locks.foreign.empty())
    print_err(support::wrap("note: left out, for they are no locks of envforge: " + support::join(locks.foreign, ", "),
                            0, 6) +
              "\n");
  for (const auto& error : locks.broken) print_err(support::format_error(error));
  if (!locks.broken.empty()) return support::ExitCode::kBadDocument;
  if (locks.read.empty())
    throw support::Error(support::ErrorCode::kUsage, "--locks: none of the files is a lock of envforge");
  const bool loses = std::any_of(effects.begin(), effects.end(),
                                 [](const auto& effect) { return effect.verdict == resolve::Verdict::kLoses; });
  return loses ? support::ExitCode::kNegativeVerdict : support::ExitCode::kDone;
}

// One question at a time: what would be left unanswered is refused instead.
void refuse_contradictions(const ExplainArguments& arguments, const GlobalOptions& options) {
  std::vector<std::string> questions;
  if (!arguments.recipe.empty() && !arguments.matrix) questions.emplace_back("a recipe");
  if (arguments.matrix) questions.emplace_back("--matrix");
  if (!arguments.locks.empty()) questions.emplace_back("--locks");
  if (!arguments.about.empty()) questions.emplace_back("--about");
  const bool about_recipe = !arguments.why_not.empty() || !arguments.upgrade.empty();
  if (about_recipe && (arguments.recipe.empty() || arguments.matrix))
    questions.emplace_back(arguments.why_not.empty() ? "--upgrade" : "--why-not");
  if (questions.size() > 1) {
    throw support::Error(support::ErrorCode::kUsage, support::join(questions, " and ") + " are questions apart",
                         std::nullopt, "ask one of them at a time");
  }
  if (arguments.csv && options.json)
    throw support::Error(support::ErrorCode::kUsage, "--csv and --json are two forms of the answer: leave one out");
}

std::string part_help(const std::string& part) {
  static const std::map<std::string, std::string> examples = {{"cudnn", "9.10"},       {"nccl", ">=2.27"},
                                                              {"cublas", "12.8"},      {"triton", "3.3"},
                                                              {"torchvision", "0.21"}, {"torchaudio", "2.11"}};
  return "builds with this " + part + ": " + examples.at(part);
}

}  // namespace

Action declare_explain(CLI::App& command) {
  auto arguments = std::make_shared<ExplainArguments>();
  command.add_option("recipe", arguments->recipe, "the recipe; envforge.yaml in this folder if left out");
  auto* matrix =
      command.add_flag("--matrix", arguments->matrix,
                       "every combination that the data knows; the filters below narrow it, and so do the pools of a "
                       "recipe");
  command.add_flag("--csv", arguments->csv, "the matrix as CSV")->needs(matrix);
  auto* why_not = command.add_option("--why-not", arguments->why_not,
                                     "why the answer is not this, or what would change: cuda=12.1; also torch=, "
                                     "python=, base=, platform=, variant=, cudnn=, nccl=, cublas=, triton=");
  command
      .add_option("--upgrade", arguments->upgrade, "what this changes, and for which pools: torch=2.7; also as above")
      ->excludes(why_not);
  command.add_option("--about", arguments->about,
                     "what the data says beside the versions: whether an image exists "
                     "(nvidia/cuda:12.4.0-cudnn8-devel-ubuntu22.04), conda, windows, wsl, nvidia-smi, host cudnn");
  auto* locks = command.add_option("--locks", arguments->locks,
                                   "what --pool changes for each of these locks; also patterns: 'images/**/*.lock'");
  auto* pool = command.add_option(
      "--pool", arguments->pools,
      "a pool as it will be: rtx=590 (its driver, or the branch of it) or \"rtx=RTX 5090\" (its GPU); repeatable");
  locks->needs(pool);
  pool->needs(locks);
  auto& filter = arguments->filter;
  command.add_option("--torch", filter.torch, "a version or range: 2.6, >=2.7")->needs(matrix);
  command.add_option("--cuda", filter.cuda, "12.4 or cu124")->needs(matrix);
  command.add_option("--python", filter.python, "3.11, or 3.14t for the one without a GIL")->needs(matrix);
  command.add_option("--platform", filter.platform, "linux/amd64 or linux/arm64")->needs(matrix);
  one_each(command.add_option("--gpu", filter.gpus,
                              "any name of a GPU: \"RTX 5090\", A100, sm_90; of several (V100,A100, or the option "
                              "again) what serves all"))
      ->delimiter(',')
      ->needs(matrix);
  one_each(command.add_option("--driver", filter.drivers,
                              "550.90.07, or R550, its branch: the newest driver of it; several as of --gpu"))
      ->delimiter(',')
      ->needs(matrix);
  command
      .add_flag("--forward-compat", filter.forward_compat,
                "as if the containers of every pool, or of --gpu with --driver, had NVIDIA's cuda-compat")
      ->excludes(locks);
  command.add_option("--glibc", filter.glibc, "the C library of the base: 2.31")->needs(matrix);
  command.add_option("--base", filter.base, "debian:12: what its Python and its C library take")->needs(matrix);
  for (const std::string& part : resolve::matrix_parts())
    command.add_option("--" + part, filter.parts[part], part_help(part))->needs(matrix);
  command.add_flag("--devel", filter.devel, "builds that `variant: devel` can be had of: a wheel brings their nvcc")
      ->needs(matrix);
  refuse_empty_values(command);
  return [arguments](Session& session) {
    refuse_contradictions(*arguments, session.options());
    if (arguments->matrix) return show_matrix(session, *arguments);
    if (!arguments->about.empty()) return show_topic(session, arguments->about);
    if (!arguments->locks.empty()) return show_lock_effects(session, *arguments);
    // A question that is not understood is told before a recipe that is not there.
    std::optional<resolve::Question> question;
    if (!arguments->why_not.empty()) question = resolve::read_question("--why-not", arguments->why_not);
    if (!arguments->upgrade.empty()) question = resolve::read_question("--upgrade", arguments->upgrade);
    const auto recipe = load_recipe(session, *arguments);
    return question ? show_what_if(session, recipe.spec, *question) : show_recipe(session, recipe.spec);
  };
}

}  // namespace envforge::cli
