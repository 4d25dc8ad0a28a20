// Documents of earlier runs, by what they say that they are.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::app {

/// The bytes of a lock, a report or a recipe. Throws Error{kFileUnreadable}; no document is larger than 256 MiB.
std::string read_document(const std::string& file);
/// The member "schema" of the document `text`, read from `file`: "envforge/sealed-report", "envforge/lock", ... Throws
/// Error{kReportMalformed} when it is no JSON object that has one.
std::string document_kind(const std::string& text, const std::string& file);

/// A report that `verify --report` wrote. Its MAC is not checked: the key belongs to the run that made it.
protocol::Report read_report(const std::string& file);

}  // namespace envforge::app
