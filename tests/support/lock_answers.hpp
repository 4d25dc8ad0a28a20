// What tests of locking ask of its outcome.
#pragma once

#include <functional>
#include <string>

#include <envforge/documents/lock.hpp>
#include <envforge/support/error.hpp>

namespace envforge::testing {

/// The Error that `body` throws; Error{kInternal} if it throws none.
inline support::Error error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const support::Error& error) {
    return error;
  }
  return {support::ErrorCode::kInternal, "no error"};
}

/// The version of a wheel on linux/amd64, or "absent".
inline std::string version_of(const documents::Lock& lock, const std::string& wheel) {
  for (const auto& row : lock.platforms.at("linux/amd64").wheels) {
    if (row.name == wheel) return row.version;
  }
  return "absent";
}

}  // namespace envforge::testing
