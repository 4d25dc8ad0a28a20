// Documents of earlier runs, by what they say that they are.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::app {

/// The member "schema" of the document in `file`: "envforge/sealed-report", "envforge/lock", ... Throws
/// Error{kFileUnreadable} or Error{kReportMalformed} when it is no JSON object that has one.
std::string document_kind(const std::string& file);

/// A report that `verify --report` wrote. Its MAC is not checked: the key belongs to the run that made it.
protocol::Report read_report(const std::string& file);

}  // namespace envforge::app
