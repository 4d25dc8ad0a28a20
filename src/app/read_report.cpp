#include <envforge/app/read_report.hpp>

#include <array>

#include <nlohmann/json.hpp>

#include <envforge/protocol/sealed_report.hpp>
#include <envforge/report/report_diff.hpp>
#include <envforge/support/canonical_json.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/json_reader.hpp>
#include <envforge/support/text.hpp>

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;

constexpr std::uint64_t kLargestDocument = 256ULL << 20;

DocumentDiff diff_two_reports(const std::string& file_a, const std::string& file_b) {
  const auto diff = report::diff_reports(read_report(file_a), read_report(file_b));
  return {report::diff_text(diff, file_a, file_b), support::readable_json(report::to_json(diff))};
}

struct Comparison {
  const char* kind;
  DocumentDiff (*diff)(const std::string& file_a, const std::string& file_b);
};
// A kind of document that can be compared is a row.
constexpr std::array<Comparison, 1> kComparisons = {{{"envforge/sealed-report", diff_two_reports}}};

}  // namespace

std::string document_kind(const std::string& file) {
  const auto value = support::parse_json(support::read_file(file, kLargestDocument), file, ErrorCode::kReportMalformed);
  support::JsonReader in(value, file, ErrorCode::kReportMalformed);
  return in.string("schema");
}

protocol::Report read_report(const std::string& file) {
  return protocol::read_unverified(support::read_file(file, kLargestDocument), file);
}

DocumentDiff diff_documents(const std::string& file_a, const std::string& file_b) {
  const std::string a = document_kind(file_a), b = document_kind(file_b);
  if (a != b) {
    throw Error(ErrorCode::kUsage,
                support::printable(file_a + " is " + a + ", " + file_b + " is " + b + ": they cannot be compared"));
  }
  for (const auto& row : kComparisons) {
    if (a == row.kind) return row.diff(file_a, file_b);
  }
  throw Error(ErrorCode::kUsage, "envforge diff does not compare documents of the kind '" + support::printable(a) + "'",
              std::nullopt, "it compares reports that `envforge verify --report FILE` wrote");
}

}  // namespace envforge::app
