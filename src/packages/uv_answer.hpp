// What uv said, as values: its lock, or why there is none in the words of the request. Pure. Used by UvResolver.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <envforge/packages/python_resolver.hpp>

namespace envforge::packages {

/// The wheels of a pylock.toml, one file each, sorted by name; without `required_by`, and of a folder's files the size.
/// Throws Error{kUvFailed} for a lock in another form than uv's.
std::vector<ResolvedWheel> read_pylock(const std::string& text, const PythonRequest& request);

/// The one package of a pylock.toml as an sdist; of a folder's without its hash. Throws as above.
ResolvedSdist read_sdist(const std::string& text, const PythonRequest& request);

/// The file names of all wheels of a pylock.toml, sorted. Throws as above.
std::vector<std::string> read_wheel_names(const std::string& text);

/// package -> who needs it, out of `uv pip compile --annotation-style line`; the generated project itself is left out.
std::map<std::string, std::vector<std::string>> read_annotations(const std::string& requirements);

/// The conflict that uv's standard error tells; nullopt if it tells something else.
std::optional<PythonConflict> read_conflict(const std::string& standard_error, const PythonRequest& request);

/// A URL without "user:password@".
std::string without_credentials(const std::string& url);

}  // namespace envforge::packages
