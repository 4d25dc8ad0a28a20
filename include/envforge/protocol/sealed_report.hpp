// A report with the MAC of the run that made it. The CLI makes a key for each run and gives it to the driver over
// stdin; no group and no file of the image ever sees it, so nothing that the image prints can pass for a report.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <envforge/protocol/report.hpp>

namespace envforge::protocol {

/// The lines around the sealed report on the driver's standard output.
inline constexpr std::string_view kReportBegin = "-----BEGIN ENVFORGE SEALED REPORT-----";
inline constexpr std::string_view kReportEnd = "-----END ENVFORGE SEALED REPORT-----";

/// One JSON document {schema, schema_version, report, mac}; the MAC is HMAC-SHA-256 over the report's canonical bytes.
/// The host may add a member `host` beside them, its own judgement of the report; readers here pass over it.
std::string seal(const Report& report, std::string_view key);
/// Throws Error{kReportMalformed, kReportTooNew} for a document that cannot be read and Error{kReportNotTrusted} for a
/// MAC of another key or other bytes.
Report open_sealed(const std::string& document, std::string_view key, const std::string& file);
/// Reads without a key: for showing a report whose key is gone. The MAC is not checked.
Report read_unverified(const std::string& document, const std::string& file);
/// Every text between the markers of `output`, in order: a forged one may stand before the driver's.
std::vector<std::string> find_sealed(std::string_view output);

}  // namespace envforge::protocol
