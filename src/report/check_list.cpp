#include <envforge/report/check_list.hpp>

#include <map>

#include <nlohmann/json.hpp>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/text.hpp>

#include "layout.hpp"

namespace envforge::report {
namespace {

using protocol::CheckInfo;

std::map<std::string, std::vector<CheckInfo>> by_group(const std::vector<CheckInfo>& checks) {
  std::map<std::string, std::vector<CheckInfo>> out;
  for (const auto& check : checks) out[protocol::group_of(check.id)].push_back(check);
  return out;
}

std::string in_cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

}  // namespace

std::string check_list_text(const std::vector<CheckInfo>& checks) {
  constexpr std::size_t kIndent = 6;
  std::string out = std::to_string(checks.size()) + " checks; quick is part of standard, and standard of soak\n";
  for (const auto& [group, members] : by_group(checks)) {
    out += "\n" + group + "\n";
    for (const auto& check : members) {
      out += "  " + pad(check.id, 30) + " " + to_string(check.suite) + "\n";
      out += std::string(kIndent, ' ') + support::wrap("proves: " + check.proves, kIndent, kIndent + 2) + "\n";
      out += std::string(kIndent, ' ') + support::wrap("control: " + check.control, kIndent, kIndent + 2) + "\n";
    }
  }
  return out;
}

nlohmann::json check_list_json(const std::vector<CheckInfo>& checks) {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& check : checks) {
    rows.push_back({{"id", check.id},
                    {"group", protocol::group_of(check.id)},
                    {"suite", to_string(check.suite)},
                    {"proves", check.proves},
                    {"control", check.control}});
  }
  return {{"schema", "envforge/check-list"}, {"schema_version", 1}, {"checks", rows}};
}

std::string check_list_markdown(const std::vector<CheckInfo>& checks) {
  std::string out =
      "# The checks\n\n"
      "Made from the first comment lines of the checks themselves; `ENVFORGE_ACCEPT=1 ctest -R CheckList` writes it "
      "again. `envforge verify --list`\nprints the same, with `--json` as "
      "[schemas/check-list-v1.schema.json](schemas/check-list-v1.schema.json). `quick` is part of `standard`, and "
      "`standard`\nof `soak`. A control is a fault that is planted in every run: a check that does not find it is an "
      "error, never a pass.\n";
  for (const auto& [group, members] : by_group(checks)) {
    out += "\n## " + group + "\n| check | suite | a pass proves | control |\n| --- | --- | --- | --- |\n";
    for (const auto& check : members) {
      out += "| `" + check.id + "` | " + to_string(check.suite) + " | " + in_cell(check.proves) + " | " +
             in_cell(check.control) + " |\n";
    }
  }
  return out;
}

}  // namespace envforge::report
