#include "loader/maps.hpp"

#include <algorithm>

#include <envforge/support/text.hpp>

#include "loader/root.hpp"

namespace envforge::validator::loader {

std::vector<std::string> mapped_files(std::string_view maps) {
  std::vector<std::string> files;
  for (const std::string& line : support::split(maps, '\n')) {
    // "7f1c-7f2c r-xp 0000 fe:01 123   /path with spaces": only the path may hold a slash.
    const auto path_at = line.find('/');
    const auto rights_at = line.find(' ');
    if (path_at == std::string::npos || line.size() < rights_at + 4 || line[rights_at + 3] != 'x') continue;
    std::string path = line.substr(path_at);
    constexpr std::string_view kDeleted = " (deleted)";
    if (support::ends_with(path, kDeleted)) path.erase(path.size() - kDeleted.size());
    if (std::find(files.begin(), files.end(), path) == files.end()) files.push_back(std::move(path));
  }
  return files;
}

std::vector<std::string> mapped_files_of_this_process() {
  return mapped_files(Root().read("/proc/self/maps").value_or(""));
}

}  // namespace envforge::validator::loader
