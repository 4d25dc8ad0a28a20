#include <envforge/protocol/check_ids.hpp>

#include <algorithm>

#include "known_checks.hpp"

namespace envforge::protocol {

const std::vector<std::string>& known_checks() {
  static const std::vector<std::string> ids = [] {
    std::vector<std::string> out;
    for (const char* path : kCheckPaths) out.push_back(check_id_of_path(path));
    std::sort(out.begin(), out.end());
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
