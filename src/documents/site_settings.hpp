// The plain settings of a site, one row each: the file's word, the variable, the member, the grammar. Private to the
// area; reading, merging and showing all walk this table.
#pragma once

#include <array>
#include <string_view>

#include <envforge/documents/site_config.hpp>

#include "grammar.hpp"

namespace envforge::documents {

struct SettingRow {
  const char* word;
  const char* variable;
  Located<std::string> SiteConfig::*member;
  Checked (*check)(std::string_view);
};

const std::array<SettingRow, 13>& setting_rows();

}  // namespace envforge::documents
