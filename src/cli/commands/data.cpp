#include <envforge/app/check_data.hpp>
#include <envforge/app/update_data.hpp>
#include <envforge/compat/bundle.hpp>
#include <envforge/compat/knowledge.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

// docs/schemas/data-v1.schema.json
std::string document(const char* answer, nlohmann::json fields) {
  fields["schema"] = "envforge/data";
  fields["schema_version"] = 1;
  fields["answer"] = answer;
  return support::readable_json(fields);
}

support::ExitCode show_summary(Session& session) {
  const auto& knowledge = session.knowledge();
  const auto& tables = knowledge.tables();
  const auto checked = compat::rows_by_check(tables);
  const nlohmann::json summary = {{"as_of", knowledge.as_of()},
                                  {"age_days", app::data_age_days(knowledge.as_of(), session.today())},
                                  {"stale_after_days", app::kStaleDataDays},
                                  {"digest", knowledge.digest()},
                                  {"origin", session.data_origin()},
                                  {"torch_releases", tables.releases.size()},
                                  {"gpus", tables.gpus.size()},
                                  {"driver_branches", tables.branches.size()},
                                  {"cuda_toolkits", tables.toolkits.size()},
                                  {"bases", tables.bases.size()},
                                  {"rows_by_artifact", checked.artifact},
                                  {"rows_by_document", checked.document},
                                  {"rows_inferred", checked.inferred}};
  if (session.options().json) {
    print_out(document("summary", summary));
    return support::ExitCode::kDone;
  }
  for (const auto& [key, value] : summary.items()) {
    std::string name = key;
    if (key != "digest") name.resize(16, ' ');  // which is as long as a line
    print_out(name + " " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n");
  }
  return support::ExitCode::kDone;
}

support::ExitCode show_check(Session& session, const std::string& torch) {
  const auto result = app::check_data(session.world(), torch);
  session.events().finish();
  if (session.options().json) {
    nlohmann::json differences = nlohmann::json::array();
    for (const auto& difference : result.differences) {
      differences.push_back({{"row", difference.row},
                             {"field", difference.field},
                             {"data", difference.data},
                             {"found", difference.found}});
    }
    print_out(document("check", {{"data_as_of", session.knowledge().as_of()},
                                 {"data_digest", session.knowledge().digest()},
                                 {"data_origin", session.data_origin()},
                                 {"data_age_days", app::data_age_days(session.knowledge().as_of(), session.today())},
                                 {"builds", result.builds},
                                 {"questions", result.questions},
                                 {"differences", differences}}));
  } else {
    for (const auto& difference : result.differences)
      print_out(
          difference.row + "\n  " +
          support::wrap(difference.field + ": the data says " + difference.data + ", PyPI " + difference.found, 2, 4) +
          "\n");
    const std::string sum = std::to_string(result.differences.size()) + " differences in " +
                            std::to_string(result.builds) + " builds that PyPI serves; data of " +
                            session.knowledge().as_of() + ", " +
                            std::to_string(app::data_age_days(session.knowledge().as_of(), session.today())) +
                            " days old, " + session.data_origin();
    print_out(support::wrap(sum, 0, 0) + "\n");
  }
  return result.differences.empty() ? support::ExitCode::kDone : support::ExitCode::kNegativeVerdict;
}

support::ExitCode show_update(Session& session, const std::string& file, const std::string& sha256) {
  const std::string target = session.user_data_file();
  if (target.empty())
    throw support::Error(support::ErrorCode::kUsage, "there is no folder for the data: HOME is not set", std::nullopt,
                         "set HOME or XDG_DATA_HOME, or use `--data DIR`");
  if (!session.options().data_dir.empty())
    throw support::Error(support::ErrorCode::kUsage, "--data and `data update` name two sets of data: leave one out");
  const auto update = app::update_data(file, sha256, target, session.knowledge(), session.today());
  if (session.options().json) {
    print_out(document("update", {{"path", update.path},
                                  {"digest", update.digest},
                                  {"as_of", update.as_of},
                                  {"replaced_as_of", update.replaced_as_of}}));
  } else {
    print_out("data of " + update.as_of + " in place of that of " + update.replaced_as_of + ":\n" + update.path + "\n" +
              update.digest + "\n");
  }
  return support::ExitCode::kDone;
}

support::ExitCode show_bundle(const std::string& folder) {
  const std::string bundle = compat::write_bundle(compat::read_data_folder(folder));
  print_out(bundle);
  print_err("sha256 " + support::sha256_hex(bundle) + "\n");
  return support::ExitCode::kDone;
}

}  // namespace

Action declare_data(CLI::App& command) {
  struct Arguments {
    std::string torch, version, file, sha256, folder;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* check = command.add_subcommand("check", "hold the rows against what PyPI serves: pins, Pythons, C library");
  check->add_option("--torch", arguments->torch, "only these releases: 2.15, >=2.12");
  auto* draft = command.add_subcommand("draft", "the row of a torch release as far as its wheels prove it");
  draft->add_option("version", arguments->version, "2.15.0")->required();
  auto* update =
      command.add_subcommand("update", "put a file of `data pack` in place of the built-in rows, for this user");
  update->add_option("file", arguments->file, "the file")->required();
  update->add_option("--sha256", arguments->sha256, "the digest that its publisher states")->required();
  auto* pack = command.add_subcommand("pack", "the files of a folder, checked, as one file on standard output");
  pack->add_option("folder", arguments->folder, "a folder as of --data")->required();
  for (CLI::App* part : {check, draft, update, pack}) part->fallthrough();
  command.require_subcommand(0, 1);
  return [arguments, check, draft, update, pack](Session& session) {
    if (check->parsed()) return show_check(session, arguments->torch);
    if (update->parsed()) return show_update(session, arguments->file, arguments->sha256);
    if (pack->parsed()) return show_bundle(arguments->folder);
    if (!draft->parsed()) return show_summary(session);
    const auto row = app::draft_release(session.world(), arguments->version);
    session.events().finish();
    print_out(support::readable_json(row));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
