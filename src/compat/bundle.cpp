#include <envforge/compat/bundle.hpp>

#include <nlohmann/json.hpp>

#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/json_reader.hpp>

#include "data_reader.hpp"

namespace envforge::compat {
namespace {

using support::ErrorCode;

constexpr const char* kSchema = "envforge/compat/bundle";
constexpr int kVersion = 1;

}  // namespace

std::string write_bundle(const std::vector<DataFile>& files) {
  read_tables(files);  // what is not whole is not packed
  nlohmann::json members = nlohmann::json::object();
  for (const DataFile& file : files)
    members[file.name] = support::parse_json(file.text, file.name, ErrorCode::kDataMalformed);
  return support::readable_json({{"schema", kSchema}, {"schema_version", kVersion}, {"files", members}});
}

Knowledge parse_bundle(const std::string& text, const std::string& file) {
  const nlohmann::json document = support::parse_json(text, file, ErrorCode::kDataMalformed);
  support::JsonReader reader(document, file, ErrorCode::kDataMalformed);
  if (reader.string("schema") != kSchema) reader.fail(std::string("expected the schema '") + kSchema + "'", "schema");
  if (reader.integer("schema_version") > kVersion)
    throw support::Error(ErrorCode::kDataTooNew, file + " has a newer schema version than 1, which this program reads");
  if (reader.integer("schema_version") != kVersion) reader.fail("expected schema version 1", "schema_version");
  std::map<std::string, nlohmann::json> files;
  reader.object("files").members(
      [&](const std::string& name, const nlohmann::json& content) { files[name] = content; });
  reader.finish();
  auto owned = read_tables(std::move(files));
  const Tables tables = owned->tables;
  return Knowledge(tables, std::move(owned));
}

}  // namespace envforge::compat
