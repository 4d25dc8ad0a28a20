#include <envforge/protocol/check_catalog.hpp>

#include <algorithm>

#include <envforge/protocol/check_ids.hpp>

#include "known_checks.hpp"

namespace envforge::protocol {

const std::vector<CheckInfo>& check_catalog() {
  static const std::vector<CheckInfo> catalog = [] {
    std::vector<CheckInfo> out;
    for (const CheckRow& row : kCheckRows) {
      // cmake/CheckHeaders.cmake lets no other word through.
      out.push_back({check_id_of_path(row.path), row.proves, row.control, suite_from(row.suite).value()});
    }
    std::sort(out.begin(), out.end(), [](const CheckInfo& a, const CheckInfo& b) { return a.id < b.id; });
    return out;
  }();
  return catalog;
}

bool is_in_suite(const CheckInfo& check, Suite suite) {
  return static_cast<int>(check.suite) <= static_cast<int>(suite);
}

const std::vector<std::string>& known_checks() {
  static const std::vector<std::string> ids = [] {
    std::vector<std::string> out;
    for (const auto& check : check_catalog()) out.push_back(check.id);
    return out;
  }();
  return ids;
}

const std::vector<std::string>& known_groups() {
  static const std::vector<std::string> groups = [] {
    std::vector<std::string> out;
    for (const auto& id : known_checks()) out.push_back(group_of(id));
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }();
  return groups;
}

}  // namespace envforge::protocol
