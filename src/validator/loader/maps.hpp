// /proc/<pid>/maps: which files a process really has mapped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace envforge::validator::loader {

/// The files behind executable mappings, each once, in the order of their addresses; "(deleted)" is cut off.
std::vector<std::string> mapped_files(std::string_view maps);
/// Of this process.
std::vector<std::string> mapped_files_of_this_process();

}  // namespace envforge::validator::loader
