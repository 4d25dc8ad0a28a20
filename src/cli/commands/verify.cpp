#include <filesystem>

#include <nlohmann/json.hpp>

#include <envforge/app/load_recipe.hpp>
#include <envforge/app/verify_image.hpp>
#include <envforge/report/check_list.hpp>
#include <envforge/report/console_report.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "command_table.hpp"

namespace envforge::cli {
namespace {

struct VerifyArguments {
  std::string subject;
  std::string gpus = "all";
  std::string injection = "auto";
  std::string report_file;
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
  command.add_option("--suite", arguments.verify.suite, "quick or standard")
      ->check(CLI::IsMember({"quick", "standard"}));
  command.add_option("--require", arguments.verify.require, "groups or checks that must run and pass")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--only", arguments.verify.only, "only these groups or checks")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--skip", arguments.verify.skip, "not these groups or checks")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--nonce", arguments.verify.nonce, "a value of yours that the report repeats");
  command.add_option("--report", arguments.report_file, "also write the JSON report to this file");
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
    const auto result = app::verify_image(session.world(), image, recipe, options);
    session.events().finish();
    const std::string json = support::readable_json(nlohmann::json::parse(result.document));
    if (!arguments->report_file.empty()) support::write_file_atomically(arguments->report_file, json);
    print_out(session.options().json
                  ? json
                  : report::console_report(result.report, {session.terminal().colour_out, arguments->details}));
    return exit_code_of(result.report);
  };
}

}  // namespace envforge::cli
