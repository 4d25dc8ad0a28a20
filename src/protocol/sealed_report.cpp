#include <envforge/protocol/sealed_report.hpp>

#include <nlohmann/json.hpp>

#include <envforge/support/canonical_json.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/sha256.hpp>

namespace envforge::protocol {
namespace {

using nlohmann::json;
using support::Error;
using support::ErrorCode;

// Binds the MAC to its purpose: no other text that this key might ever sign reads as a report.
constexpr std::string_view kPurpose = "envforge/sealed-report/v1\n";

std::string mac_of(const json& report, std::string_view key) {
  return support::hmac_sha256_hex(key, std::string(kPurpose) + support::canonical_json(report));
}

Report open(const std::string& document, const std::string& file, const std::string_view* key) {
  const json value = support::parse_json(document, file, ErrorCode::kReportMalformed);
  support::JsonReader in(value, file, ErrorCode::kReportMalformed);
  if (in.string("schema") != "envforge/sealed-report") in.fail("expected \"envforge/sealed-report\"", "schema");
  if (in.integer("schema_version") != 1) {
    throw Error(ErrorCode::kReportTooNew, "this program reads sealed reports of version 1",
                support::Where{file, 0, 0, "/schema_version"});
  }
  const std::string mac = in.string("mac");
  const json& report = in.raw("report");
  if (in.has("host")) in.raw("host");  // what the host judged: outside the MAC, and derived from the report again
  in.finish();
  if (key != nullptr && !support::constant_time_equal(mac, mac_of(report, *key))) {
    throw Error(ErrorCode::kReportNotTrusted, "the report's MAC is not of this run's key",
                support::Where{file, 0, 0, "/mac"});
  }
  return report_from_json(report, file);
}

}  // namespace

std::string seal(const Report& report, std::string_view key) {
  if (key.size() < 32) throw Error(ErrorCode::kInternal, "a report is sealed with at least 32 characters of key");
  const json body = to_json(report);
  const json sealed = {
      {"schema", "envforge/sealed-report"}, {"schema_version", 1}, {"report", body}, {"mac", mac_of(body, key)}};
  return support::canonical_json(sealed);
}

Report open_sealed(const std::string& document, std::string_view key, const std::string& file) {
  return open(document, file, &key);
}

Report read_unverified(const std::string& document, const std::string& file) {
  return open(document, file, nullptr);
}

std::vector<std::string> find_sealed(std::string_view output) {
  std::vector<std::string> found;
  const std::string begin = std::string(kReportBegin) + "\n";
  const std::string end = "\n" + std::string(kReportEnd);
  for (std::size_t at = output.find(begin); at != std::string_view::npos; at = output.find(begin, at + 1)) {
    const std::size_t from = at + begin.size();
    const std::size_t to = output.find(end, from);
    if (to == std::string_view::npos) break;
    found.emplace_back(output.substr(from, to - from));
  }
  return found;
}

}  // namespace envforge::protocol
