// The checks of a report in the order in which people need them: worst first. Used by console and HTML.
#pragma once

#include <vector>

#include <envforge/protocol/report.hpp>

namespace envforge::report {

/// Points into `report`.
std::vector<const protocol::CheckResult*> worst_first(const protocol::Report& report);

}  // namespace envforge::report
