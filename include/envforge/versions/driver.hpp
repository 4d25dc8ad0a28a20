// A driver as people name it: by its whole version, or by its branch, which stands for the newest driver of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <envforge/versions/version.hpp>

namespace envforge::versions {

/// "550.90.07" is that version; "R550" and "550" are newer than any driver of the branch 550. nullopt: no version.
std::optional<Version> parse_driver(std::string_view text);
/// What parse_driver() read: "550.90.07", "R550".
std::string driver_text(const Version& driver);

}  // namespace envforge::versions
