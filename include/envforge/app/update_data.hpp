// Compatibility data that replaces what the program carries: one file of the user's, put there whole or not at all.
#pragma once

#include <filesystem>
#include <string>

#include <envforge/compat/knowledge.hpp>

namespace envforge::app {

struct DataUpdate {
  std::string path;            // where it lies now
  std::string digest, as_of;   // of the rows
  std::string replaced_as_of;  // of those that were in use
};

/// Puts `bundle` (compat::write_bundle) to `target` after these checks, in this order: its sha256 is `sha256` (64 hex
/// digits, with or without "sha256:"), its rows pass every check that the built-in ones pass, they are not dated after
/// `today` by more than a day, and not older than those `in_use`. Throws Error{kUsage, kFileUnreadable,
/// kDataNotTrusted, kDataMalformed, kDataReference, kDataTooNew, kDataOlder, kFileWrite}; then nothing was replaced.
DataUpdate update_data(const std::filesystem::path& bundle, const std::string& sha256,
                       const std::filesystem::path& target, const compat::Knowledge& in_use, const std::string& today);

/// Days from `as_of` to `today`, both 2026-11-21 (what follows is ignored); 0 if the clock is behind the data.
long data_age_days(const std::string& as_of, const std::string& today);

/// Whether data of `as_of` is of a later day than `today` by more than one, the difference that time zones make.
bool is_after(const std::string& as_of, const std::string& today);

/// Torch had a release every seven to nine weeks in 2026 (rows 2.11 to 2.15 of pytorch.json): data of this age lacks
/// one.
inline constexpr long kStaleDataDays = 90;

}  // namespace envforge::app
