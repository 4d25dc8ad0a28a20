#include <algorithm>
#include <chrono>

#include <envforge/app/check_data.hpp>
#include <envforge/compat/knowledge.hpp>
#include <envforge/support/canonical_json.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

// Days since the data was last brought up to date; 0 if the clock is behind it.
long age_in_days(const std::string& as_of) {
  using namespace std::chrono;
  const auto number = [&](std::size_t at) { return static_cast<unsigned>(std::stoul(as_of.substr(at, 2))); };
  const year_month_day written{year{std::stoi(as_of.substr(0, 4))}, month{number(5)}, day{number(8)}};
  const auto age = floor<days>(system_clock::now()) - sys_days(written);
  return std::max(0L, static_cast<long>(age.count()));
}

support::ExitCode show_summary(Session& session) {
  const auto& knowledge = session.knowledge();
  const auto& tables = knowledge.tables();
  const nlohmann::json summary = {
      {"as_of", knowledge.as_of()},
      {"age_days", age_in_days(knowledge.as_of())},
      {"digest", knowledge.digest()},
      {"origin", session.options().data_dir.empty() ? "built in" : session.options().data_dir},
      {"torch_releases", tables.releases.size()},
      {"gpus", tables.gpus.size()},
      {"driver_branches", tables.branches.size()},
      {"cuda_toolkits", tables.toolkits.size()},
      {"bases", tables.bases.size()}};
  if (session.options().json) {
    print_out(support::readable_json(summary));
    return support::ExitCode::kDone;
  }
  for (const auto& [key, value] : summary.items()) {
    std::string name = key;
    name.resize(16, ' ');
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
    print_out(support::readable_json({{"data_as_of", session.knowledge().as_of()},
                                      {"data_digest", session.knowledge().digest()},
                                      {"builds", result.builds},
                                      {"questions", result.questions},
                                      {"differences", differences}}));
  } else {
    for (const auto& difference : result.differences)
      print_out(difference.row + "\n  " + difference.field + ": the data says " + difference.data + ", PyPI " +
                difference.found + "\n");
    print_out(std::to_string(result.differences.size()) + " differences in " + std::to_string(result.builds) +
              " builds that PyPI serves; data of " + session.knowledge().as_of() + "\n");
  }
  return result.differences.empty() ? support::ExitCode::kDone : support::ExitCode::kNegativeVerdict;
}

}  // namespace

Action declare_data(CLI::App& command) {
  struct Arguments {
    std::string torch, version;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* check = command.add_subcommand("check", "hold the rows against what PyPI serves: pins, Pythons, C library");
  check->add_option("--torch", arguments->torch, "only these releases: 2.15, >=2.12");
  auto* draft = command.add_subcommand("draft", "the row of a torch release as far as its wheels prove it");
  draft->add_option("version", arguments->version, "2.15.0")->required();
  for (CLI::App* part : {check, draft}) part->fallthrough();
  command.require_subcommand(0, 1);
  return [arguments, check, draft](Session& session) {
    if (check->parsed()) return show_check(session, arguments->torch);
    if (!draft->parsed()) return show_summary(session);
    const auto row = app::draft_release(session.world(), arguments->version);
    session.events().finish();
    print_out(support::readable_json(row));
    return support::ExitCode::kDone;
  };
}

}  // namespace envforge::cli
