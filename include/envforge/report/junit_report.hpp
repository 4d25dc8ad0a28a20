// A verification report as JUnit XML, for CI systems. Pure.
#pragma once

#include <string>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

/// One testsuite for each group: fail = failure, crashed, hung and error = error, skipped = skipped. Degraded is a pass
/// with its reason in system-out, as it is for the exit code. The suite `verdict` fails whenever the exit code is 1, so
/// a requirement that was not met is red too.
std::string junit_report(const protocol::Report& report);

}  // namespace envforge::report
