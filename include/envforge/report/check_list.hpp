// What each check proves, for people and programs: `envforge verify --list` and docs/checks.md.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <envforge/protocol/check_catalog.hpp>

namespace envforge::report {

/// 80 columns, a paragraph for each check.
std::string check_list_text(const std::vector<protocol::CheckInfo>& checks);
/// {schema: "envforge/check-list", schema_version: 1, checks: [{id, group, suite, proves, control}]}.
nlohmann::json check_list_json(const std::vector<protocol::CheckInfo>& checks);
/// docs/checks.md.
std::string check_list_markdown(const std::vector<protocol::CheckInfo>& checks);

}  // namespace envforge::report
