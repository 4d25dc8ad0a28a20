// Patterns of file names, for shells that do not expand `**`.
#pragma once

#include <string>
#include <vector>

namespace envforge::support {

/// Whether the text has a wildcard: `*`, `?` or `[`.
bool is_glob(const std::string& text);
/// The files that the pattern names, sorted. `*`, `?` and `[...]` as in a shell, within one name and not for a leading
/// dot; `**` as a whole name stands for folders of any depth, none too, but not through links. A folder that cannot be
/// read has no files.
std::vector<std::string> files_matching(const std::string& pattern);

}  // namespace envforge::support
