#include <envforge/support/error_code.hpp>

#include <algorithm>

#include <envforge/support/error.hpp>

namespace envforge::support {

const std::vector<ErrorRow>& error_rows() {
  static const std::vector<ErrorRow> rows = {
      {ErrorCode::kUsage, "usage", "the command line is wrong", "see `envforge COMMAND --help`"},
      {ErrorCode::kRecipeUnreadable, "recipe-unreadable", "the recipe cannot be read",
       "give the path of a recipe; `envforge init` writes a starter"},
      {ErrorCode::kRecipeSyntax, "recipe-syntax", "the recipe is not valid YAML", "mend the line that is named"},
      {ErrorCode::kReportMalformed, "report-malformed", "a validation report cannot be read",
       "take the file that `envforge verify` wrote, unchanged"},
      {ErrorCode::kReportTooNew, "report-too-new", "a validation report of a newer envforge",
       "read it with the envforge that wrote it, or a newer one"},
      {ErrorCode::kProtocol, "validator-protocol", "CLI, driver and check groups do not understand each other",
       "use driver and groups of the same release as the CLI; `envforge doctor` shows them"},
      {ErrorCode::kProgramMissing, "program-missing", "a program that this command needs is not installed",
       "run `envforge doctor` to see what is missing and how to get it"},
      {ErrorCode::kFileUnreadable, "file-unreadable", "a file cannot be read", "check the path and its permissions"},
      {ErrorCode::kFileWrite, "file-write", "a file cannot be written",
       "check the folder's permissions and free space"},
      {ErrorCode::kReportNotTrusted, "report-not-trusted", "a report that this run's driver did not make",
       "run `envforge verify` again; if it repeats, something in the image writes reports of its own"},
      {ErrorCode::kInternal, "internal", "a bug of envforge", "please report it with the command that led here"},
      {ErrorCode::kMalformedJson, "malformed-json", "a JSON text that envforge itself wrote cannot be read",
       "please report it with the command that led here"},
  };
  return rows;
}

const ErrorRow& error_row(ErrorCode code) {
  const auto& rows = error_rows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const ErrorRow& r) { return r.code == code; });
  if (row == rows.end()) throw Error(ErrorCode::kInternal, error_id(code) + " has no row in the table of errors");
  return *row;
}

std::string error_id(ErrorCode code) {
  return "EF" + std::to_string(static_cast<int>(code));
}

ExitCode exit_code(ErrorCode code) {
  const int first = static_cast<int>(code) / 1000;
  return first >= 1 && first <= 7 ? static_cast<ExitCode>(first) : ExitCode::kBug;
}

}  // namespace envforge::support
