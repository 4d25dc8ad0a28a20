#include <envforge/app/check_data.hpp>
#include <envforge/app/update_data.hpp>
#include <envforge/compat/bundle.hpp>
#include <envforge/compat/knowledge.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/one_each.hpp"

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

nlohmann::json encode(const app::WheelFacts& wheel) {
  const auto or_null = [](int value) { return value < 0 ? nlohmann::json() : nlohmann::json(value); };
  return {{"file", wheel.file},
          {"torch", wheel.torch},
          {"cuda_variant", wheel.cuda_variant},
          {"platform", wheel.platform},
          {"sass", wheel.sass},
          {"ptx", wheel.ptx},
          {"some_kernels", wheel.some_kernels},
          {"linalg_sass", wheel.linalg_sass},
          {"cxx11_abi", or_null(wheel.cxx11_abi)},
          {"cxx_standard", or_null(wheel.cxx_standard)}};
}

std::string wheel_text(const app::WheelFacts& wheel) {
  const auto listed = [](const std::vector<std::string>& names) {
    return names.empty() ? std::string("none") : support::join(names, " ");
  };
  std::string text = wheel.file + " is torch " + wheel.torch + " " + wheel.cuda_variant + " for " + wheel.platform +
                     ": machine code " + listed(wheel.sass) + ", PTX " + listed(wheel.ptx);
  if (!wheel.some_kernels.empty()) text += "; of some kernels only: " + support::join(wheel.some_kernels, ", ");
  if (!wheel.linalg_sass.empty()) text += "; linear algebra: " + listed(wheel.linalg_sass);
  return support::wrap(text, 0, 2) + "\n";
}

support::ExitCode show_check(Session& session, const std::string& torch, const std::vector<std::string>& wheels) {
  const auto result =
      wheels.empty() ? app::check_data(session.world(), torch) : app::check_wheels(session.world(), wheels);
  session.events().finish();
  if (session.options().json) {
    nlohmann::json differences = nlohmann::json::array();
    for (const auto& difference : result.differences) {
      differences.push_back({{"row", difference.row},
                             {"field", difference.field},
                             {"data", difference.data},
                             {"found", difference.found}});
    }
    nlohmann::json opened = nlohmann::json::array();
    for (const auto& wheel : result.wheels) opened.push_back(encode(wheel));
    print_out(document("check", {{"data_as_of", session.knowledge().as_of()},
                                 {"data_digest", session.knowledge().digest()},
                                 {"data_origin", session.data_origin()},
                                 {"data_age_days", app::data_age_days(session.knowledge().as_of(), session.today())},
                                 {"builds", result.builds},
                                 {"questions", result.questions},
                                 {"wheels", opened},
                                 {"differences", differences}}));
  } else {
    for (const auto& wheel : result.wheels) print_out(wheel_text(wheel));
    const std::string other = wheels.empty() ? ", PyPI " : ", the wheel ";
    for (const auto& difference : result.differences)
      print_out(
          difference.row + "\n  " +
          support::wrap(difference.field + ": the data says " + difference.data + other + difference.found, 2, 4) +
          "\n");
    const auto number = [](std::size_t count, const std::string& thing) {
      return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
    };
    const std::string sum = number(result.differences.size(), "difference") + " in " +
                            (wheels.empty() ? number(result.builds, "build") + " that PyPI serves"
                                            : number(wheels.size(), "opened wheel")) +
                            "; data of " + session.knowledge().as_of() + ", " +
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
    std::vector<std::string> check_wheels, draft_wheels;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* check = command.add_subcommand(
      "check", "hold the rows against what PyPI serves: pins, Pythons, C library; or against wheels: machine code");
  auto* releases = check->add_option("--torch", arguments->torch, "only these releases: 2.15, >=2.12");
  one_each(check->add_option("--wheel", arguments->check_wheels,
                             "a wheel of torch, opened: its machine code and C++ ABI; no index is asked"))
      ->type_name("FILE")
      ->excludes(releases);
  auto* draft = command.add_subcommand("draft", "the row of a torch release as far as its wheels prove it");
  draft->add_option("version", arguments->version, "2.15.0")->required();
  one_each(draft->add_option("--wheel", arguments->draft_wheels,
                             "a wheel of that release, opened: its machine code and C++ ABI enter the row"))
      ->type_name("FILE");
  auto* update =
      command.add_subcommand("update", "put a file of `data pack` in place of the built-in rows, for this user");
  update->add_option("file", arguments->file, "the file")->required();
  update->add_option("--sha256", arguments->sha256, "the digest that its publisher states")->required();
  auto* pack = command.add_subcommand("pack", "the files of a folder, checked, as one file on standard output");
  pack->add_option("folder", arguments->folder, "a folder as of --data")->required();
  for (CLI::App* part : {check, draft, update, pack}) part->fallthrough();
  command.require_subcommand(0, 1);
  return [arguments, check, draft, update, pack](Session& session) {
    if (check->parsed()) return show_check(session, arguments->torch, arguments->check_wheels);
    if (update->parsed()) return show_update(session, arguments->file, arguments->sha256);
    if (pack->parsed()) return show_bundle(arguments->folder);
    if (!draft->parsed()) return show_summary(session);
    const auto row = app::draft_release(session.world(), arguments->version, arguments->draft_wheels);
    session.events().finish();
    print_out(support::readable_json(row));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
