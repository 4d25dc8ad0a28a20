#include <nlohmann/json.hpp>

#include "lock_diff.hpp"

namespace envforge::app {
namespace {

using nlohmann::json;

json changes_json(const std::vector<documents::Change>& changes) {
  json out = json::array();
  for (const auto& change : changes)
    out.push_back({{"what", change.what}, {"before", change.before}, {"after", change.after}});
  return out;
}

const char* word(Runs runs) {
  return runs == Runs::kYes ? "yes" : runs == Runs::kNo ? "no" : "unknown";
}

json machines_json(const std::vector<MachineDiff>& rows) {
  json out = json::array();
  for (const auto& row : rows) {
    out.push_back({{"name", row.name},
                   {"what", row.what},
                   {"runs_before", word(row.before)},
                   {"runs_after", word(row.after)},
                   {"reasons", row.reasons}});
  }
  return out;
}

json groups_json(const std::vector<PackageGroup>& groups) {
  json out = json::array();
  for (const auto& group : groups) {
    json changed = json::array();
    for (const auto& change : group.changed) {
      changed.push_back({{"name", change.name},
                         {"before", change.before},
                         {"after", change.after},
                         {"bytes_before", change.bytes_before},
                         {"bytes_after", change.bytes_after}});
    }
    out.push_back({{"title", group.title}, {"changed", changed}, {"same", group.same}});
  }
  return out;
}

json bytes_json(const BytesOf& sum) {
  return {{"bytes", sum.bytes}, {"packages", sum.packages}, {"without_size", sum.silent}};
}

json platform_json(const PlatformDiff& platform) {
  return {{"versions", changes_json(platform.versions)},
          {"driver_floor", {{"before", platform.driver_floor_before}, {"after", platform.driver_floor_after}}},
          {"machine_code",
           {{"known", platform.code_known}, {"removed", platform.code_removed}, {"added", platform.code_added}}},
          {"wheels", {{"before", bytes_json(platform.wheels_before)}, {"after", bytes_json(platform.wheels_after)}}},
          {"debs", {{"before", bytes_json(platform.debs_before)}, {"after", bytes_json(platform.debs_after)}}},
          {"packages", groups_json(platform.groups)}};
}

json side_json(const DiffSide& side) {
  return {{"name", side.name},
          {"packages_known", side.has_packages},
          {"recipe_known", side.has_spec},
          {"image_bytes", side.image_bytes},
          {"data_as_of", side.lock.data_as_of},
          {"exclude_newer", side.lock.exclude_newer},
          {"conflict", side.conflict}};
}

}  // namespace

json diff_json(const LockDiff& diff, const std::string& kind, const DiffSide& a, const DiffSide& b) {
  json platforms = json::object();
  for (const auto& platform : diff.platforms) platforms[platform.platform] = platform_json(platform);
  return {{"schema", "envforge/lock-diff"},
          {"schema_version", 1},
          {"kind", kind},
          {"a", side_json(a)},
          {"b", side_json(b)},
          {"recipe", changes_json(diff.recipe)},
          {"usage", changes_json(diff.usage)},
          {"platforms", platforms},
          {"platforms_gone", diff.platforms_gone},
          {"platforms_new", diff.platforms_new},
          {"pools", machines_json(diff.pools)},
          {"gpus", machines_json(diff.gpus)},
          {"drivers", machines_json(diff.drivers)},
          {"judged_by", diff.judged_by}};
}

}  // namespace envforge::app
