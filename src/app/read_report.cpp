#include <envforge/app/read_report.hpp>

#include <nlohmann/json.hpp>

#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/json_reader.hpp>

namespace envforge::app {
namespace {

using support::ErrorCode;

constexpr std::uint64_t kLargestDocument = 256ULL << 20;

}  // namespace

std::string read_document(const std::string& file) {
  return support::read_file(file, kLargestDocument);
}

std::string document_kind(const std::string& text, const std::string& file) {
  const auto value = support::parse_json(text, file, ErrorCode::kReportMalformed);
  support::JsonReader in(value, file, ErrorCode::kReportMalformed);
  return in.string("schema");
}

protocol::Report read_report(const std::string& file) {
  return protocol::read_unverified(read_document(file), file);
}

}  // namespace envforge::app
