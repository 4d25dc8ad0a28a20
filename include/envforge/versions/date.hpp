// Days of the calendar as they stand in recipes, locks and data rows.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace envforge::versions {

/// The day that `text` names as 2026-11-21; nullopt if anything else stands there or no calendar has that day.
std::optional<std::chrono::sys_days> parse_day(std::string_view text);
/// The day that a text begins with that was checked before: 2026-11-21, or with a time behind it. Throws
/// Error{kInternal}.
std::chrono::sys_days day_of(std::string_view text);

}  // namespace envforge::versions
