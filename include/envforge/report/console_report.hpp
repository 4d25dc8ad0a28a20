// A verification report as text for people: the verdict first, 80 columns. Pure: no terminal, no clock.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

struct ConsoleStyle {
  bool colour = false;
  bool details = false;  // every measurement, library and control, not only the lines that matter
};

std::string console_report(const protocol::Report& report, const ConsoleStyle& style);

}  // namespace envforge::report
