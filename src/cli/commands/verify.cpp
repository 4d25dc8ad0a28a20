#include <filesystem>
#include <set>

#include <nlohmann/json.hpp>

#include <envforge/app/load_recipe.hpp>
#include <envforge/app/read_report.hpp>
#include <envforge/app/verify_image.hpp>
#include <envforge/report/check_list.hpp>
#include <envforge/report/console_report.hpp>
#include <envforge/report/html_report.hpp>
#include <envforge/report/judgement.hpp>
#include <envforge/report/junit_report.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"
#include "commands/one_each.hpp"

namespace envforge::cli {
namespace {

struct VerifyArguments {
  std::string subject;
  std::string gpus = "all";
  std::string injection = "auto";
  std::string report_file, junit_file, html_file, baseline_file;
  bool details = false;
  bool list = false;
  app::VerifyOptions verify;
};

// `verify recipe.yaml` judges the image that the recipe's first tag names, run as the recipe says.
bool is_recipe(const std::string& subject) {
  return support::ends_with(subject, ".yaml") || support::ends_with(subject, ".yml");
}

void declare_arguments(CLI::App& command, VerifyArguments& arguments) {
  command.add_option("subject", arguments.subject, "an image, or a recipe: its image, run as the recipe says");
  command.add_option("--gpus", arguments.gpus, "all, none, idle, a number, device=0,1 or device=GPU-<uuid>");
  command.add_option("--injection", arguments.injection,
                     "how GPUs reach the container: auto, gpus (--gpus) or cdi (--device)");
  command.add_option("--suite", arguments.verify.suite, "quick, standard or soak; --list says what is in each")
      ->check(one_of({"quick", "standard", "soak"}));
  command.add_option("--minutes", arguments.verify.minutes, "how long a soak repeats its checks; 10 if left out")
      ->check(CLI::Range(0.1, 7 * 24 * 60.0));
  one_each(command.add_option("--require", arguments.verify.require, "groups or checks that must run and pass"))
      ->delimiter(',');
  one_each(command.add_option("--only", arguments.verify.only, "only these groups or checks"))->delimiter(',');
  one_each(command.add_option("--skip", arguments.verify.skip, "not these groups or checks"))->delimiter(',');
  command.add_option("--nonce", arguments.verify.nonce, "a value of yours that the report repeats");
  command.add_option("--report", arguments.report_file, "also write the JSON report to this file");
  command.add_option("--junit", arguments.junit_file, "also write JUnit XML to this file, for CI");
  command.add_option("--html", arguments.html_file, "also write one HTML page with plots to this file");
  command.add_option("--baseline", arguments.baseline_file,
                     "an earlier --report: rates that fell by more than noise degrade their check");
  command.add_flag("--here", arguments.verify.here, "judge the environment this command runs in, without an engine");
  command.add_flag("--details", arguments.details, "every measurement, control and library");
  command.add_flag("--list", arguments.list, "say what each check proves, its suite and its control; runs nothing");
  command.add_option("docker_args", arguments.verify.docker_args,
                     "after --: the docker flags that this image is run with");
}

support::ExitCode exit_code_of(const protocol::Report& report) {
  // Degraded is not failed: it is said, and it fails what requires the check.
  const auto verdict = protocol::overall(report);
  const bool good = verdict == protocol::Verdict::kPass || verdict == protocol::Verdict::kDegraded;
  return good ? support::ExitCode::kDone : support::ExitCode::kNegativeVerdict;
}

void write_if_asked(const std::string& file, const std::string& text) {
  if (!file.empty()) support::write_named_file(file, text);
}

void check_files(const std::vector<const std::string*>& files) {
  std::set<std::filesystem::path> seen;
  for (const auto* file : files) {
    if (file->empty()) continue;
    support::check_can_write(*file);
    const auto kind = std::filesystem::status(*file).type();
    const bool device = kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found;
    if (!device && !seen.insert(std::filesystem::weakly_canonical(std::filesystem::absolute(*file))).second)
      throw support::Error(support::ErrorCode::kUsage, "two of --report, --junit and --html name the file " + *file);
  }
}

/// The driver's part stays as it was sealed; what the host judged stands beside it and decides the exit code.
support::ExitCode show_result(Session& session, const VerifyArguments& arguments, const app::VerifyResult& result,
                              const report::Judgement& judgement) {
  const auto judged = report::with_judgement(result.report, judgement);
  auto document = nlohmann::json::parse(result.document);
  document["host"] = report::to_json(judgement, judged);
  const std::string json = support::readable_json(document);
  print_out(session.options().json
                ? json
                : report::console_report(judged, {session.terminal().colour_out, arguments.details}));
  write_if_asked(arguments.report_file, json);
  if (!arguments.junit_file.empty()) write_if_asked(arguments.junit_file, report::junit_report(judged));
  if (!arguments.html_file.empty()) write_if_asked(arguments.html_file, report::html_report(judged));
  return result.interrupted ? support::ExitCode::kInterrupted : exit_code_of(judged);
}

support::ExitCode show_list(Session& session) {
  const auto& checks = protocol::check_catalog();
  print_out(session.options().json ? support::readable_json(report::check_list_json(checks))
                                   : report::check_list_text(checks));
  return support::ExitCode::kDone;
}

}  // namespace

Action declare_verify(CLI::App& command) {
  auto arguments = std::make_shared<VerifyArguments>();
  declare_arguments(command, *arguments);
  return [arguments](Session& session) {
    if (arguments->list) return show_list(session);
    auto options = arguments->verify;
    options.gpus = app::parse_gpus(arguments->gpus);
    options.injection = app::parse_injection(arguments->injection);
    std::optional<documents::Recipe> recipe;
    std::string image = arguments->subject;
    if (!options.here && (image.empty() || is_recipe(image))) {
      recipe = app::load_recipe(image, session.site());
      image.clear();
    }
    // Before the run: a mistyped name or a folder that cannot be written is told at once, not after hours.
    check_files({&arguments->report_file, &arguments->junit_file, &arguments->html_file});
    std::optional<report::EarlierReport> earlier;
    if (!arguments->baseline_file.empty())
      earlier = report::EarlierReport{app::read_report(arguments->baseline_file), arguments->baseline_file};
    const auto result = app::verify_image(session.world(), image, recipe, options);
    session.events().finish();
    return show_result(session, *arguments, result, report::judge(result.report, earlier));
  };
}

}  // namespace envforge::cli
