#include <nlohmann/json.hpp>

#include <envforge/app/load_recipe.hpp>
#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/matrix.hpp>
#include <envforge/support/canonical_json.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

struct ExplainArguments {
  std::string recipe;
  bool matrix = false;
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

}  // namespace

Action declare_explain(CLI::App& command) {
  auto arguments = std::make_shared<ExplainArguments>();
  command.add_option("recipe", arguments->recipe, "the recipe; envforge.yaml in this folder if left out");
  command.add_flag("--matrix", arguments->matrix, "every combination that the data knows; the filters below narrow it");
  command.add_option("--torch", arguments->filter.torch, "a version or range: 2.6, >=2.7");
  command.add_option("--cuda", arguments->filter.cuda, "12.4 or cu124");
  command.add_option("--python", arguments->filter.python, "3.11");
  command.add_option("--platform", arguments->filter.platform, "linux/amd64 or linux/arm64");
  command.add_option("--gpu", arguments->filter.gpu, "any name of a GPU: \"RTX 5090\", A100, sm_90");
  command.add_option("--driver", arguments->filter.driver, "550.90.07, or 550 for its branch");
  return [arguments](Session& session) {
    if (arguments->matrix) return show_matrix(session, arguments->filter);
    const auto recipe = app::load_recipe(arguments->recipe, session.site());
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
