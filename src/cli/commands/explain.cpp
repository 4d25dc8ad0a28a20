#include <algorithm>

#include <nlohmann/json.hpp>

#include <envforge/app/load_recipe.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/lock_effect.hpp>
#include <envforge/resolve/matrix.hpp>
#include <envforge/resolve/what_if.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

struct ExplainArguments {
  std::string recipe;
  bool matrix = false;
  std::string why_not;  // cuda=12.1
  std::string upgrade;  // torch=2.7
  std::vector<std::string> locks, pools;
  resolve::MatrixFilter filter;
};

nlohmann::json matrix_json(const std::vector<resolve::MatrixRow>& rows, const compat::Knowledge& knowledge) {
  auto out = nlohmann::json::array();
  for (const auto& row : rows) {
    out.push_back({{"torch", row.torch},
                   {"cuda_variant", row.cuda_variant},
                   {"platform", row.platform},
                   {"index", row.index},
                   {"python", row.python},
                   {"driver_floor", row.driver_floor},
                   {"cudnn", row.cudnn},
                   {"nccl", row.nccl},
                   {"triton", row.triton},
                   {"code", row.code},
                   {"doubt", row.doubt},
                   {"source", row.source}});
  }
  return {{"schema", "envforge/matrix"},
          {"schema_version", 1},
          {"data_digest", knowledge.digest()},
          {"data_as_of", knowledge.as_of()},
          {"rows", out}};
}

support::ExitCode show_matrix(Session& session, const resolve::MatrixFilter& filter) {
  const auto rows = resolve::matrix(session.knowledge(), filter);
  print_out(session.options().json ? support::readable_json(matrix_json(rows, session.knowledge()))
                                   : resolve::matrix_text(rows, session.knowledge()));
  return support::ExitCode::kDone;
}

support::ExitCode show_what_if(Session& session, const documents::ImageSpec& spec, const resolve::Question& question) {
  const auto answer = resolve::what_if(spec, session.knowledge(), question);
  print_out(resolve::explain(answer));
  return std::holds_alternative<resolve::Conflict>(answer.asked) ? support::ExitCode::kNoSolution
                                                                 : support::ExitCode::kDone;
}

support::ExitCode show_lock_effects(Session& session, const ExplainArguments& arguments) {
  std::vector<resolve::PoolChange> changes;
  for (const std::string& text : arguments.pools) resolve::add_pool_change(changes, text);
  std::vector<resolve::LockEffect> effects;
  for (const std::string& file : arguments.locks) {
    const auto lock = documents::read_lock(support::read_file(file), file);
    const auto of_lock = resolve::lock_effects(lock, file, changes, session.knowledge());
    effects.insert(effects.end(), of_lock.begin(), of_lock.end());
  }
  print_out(resolve::explain(effects));
  const bool loses = std::any_of(effects.begin(), effects.end(),
                                 [](const auto& effect) { return effect.verdict == resolve::Verdict::kLoses; });
  return loses ? support::ExitCode::kNegativeVerdict : support::ExitCode::kDone;
}

}  // namespace

Action declare_explain(CLI::App& command) {
  auto arguments = std::make_shared<ExplainArguments>();
  command.add_option("recipe", arguments->recipe, "the recipe; envforge.yaml in this folder if left out");
  command.add_flag("--matrix", arguments->matrix, "every combination that the data knows; the filters below narrow it");
  auto* why_not = command.add_option("--why-not", arguments->why_not,
                                     "why the answer is not this, or what would change: cuda=12.1; also torch=, "
                                     "python=, base=, platform=, cudnn=, nccl=, cublas=, triton=");
  command
      .add_option("--upgrade", arguments->upgrade, "what this changes, and for which pools: torch=2.7; also as above")
      ->excludes(why_not);
  auto* locks = command.add_option("--locks", arguments->locks, "what --pool changes for each of these locks");
  auto* pool =
      command.add_option("--pool", arguments->pools,
                         "a pool as it will be: rtx=590 (its driver) or \"rtx=RTX 5090\" (its GPU); repeatable");
  locks->needs(pool);
  pool->needs(locks);
  command.add_option("--torch", arguments->filter.torch, "a version or range: 2.6, >=2.7");
  command.add_option("--cuda", arguments->filter.cuda, "12.4 or cu124");
  command.add_option("--python", arguments->filter.python, "3.11");
  command.add_option("--platform", arguments->filter.platform, "linux/amd64 or linux/arm64");
  command.add_option("--gpu", arguments->filter.gpu, "any name of a GPU: \"RTX 5090\", A100, sm_90");
  command.add_option("--driver", arguments->filter.driver, "550.90.07, or 550 for its branch");
  return [arguments](Session& session) {
    if (arguments->matrix) return show_matrix(session, arguments->filter);
    if (!arguments->locks.empty()) return show_lock_effects(session, *arguments);
    const auto recipe = app::load_recipe(arguments->recipe, session.site());
    if (!arguments->why_not.empty())
      return show_what_if(session, recipe.spec, resolve::read_question("--why-not", arguments->why_not));
    if (!arguments->upgrade.empty())
      return show_what_if(session, recipe.spec, resolve::read_question("--upgrade", arguments->upgrade));
    const auto outcome = resolve::resolve(recipe.spec, session.knowledge());
    if (const auto* conflict = std::get_if<resolve::Conflict>(&outcome)) {
      if (session.options().json) throw resolve::conflict_error(*conflict);
      print_out(resolve::explain(*conflict));
      return support::ExitCode::kNoSolution;
    }
    print_out(resolve::explain(outcome));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
