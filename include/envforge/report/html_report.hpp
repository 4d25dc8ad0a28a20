// A verification report as one HTML file: no script, nothing from elsewhere, plots inline. Pure.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

/// Everything that an image can influence is escaped, and the page forbids itself scripts and outside resources
/// besides.
std::string html_report(const protocol::Report& report);

}  // namespace envforge::report
