#include <envforge/support/glob.hpp>

#include <fnmatch.h>

#include <filesystem>
#include <set>

#include <envforge/support/text.hpp>

namespace envforge::support {
namespace {

namespace fs = std::filesystem;

class Walk {
 public:
  explicit Walk(std::vector<std::string> names) : names_(std::move(names)) {}

  void from(const fs::path& at, std::size_t i) {
    std::error_code error;
    if (i == names_.size()) {
      if (fs::is_regular_file(at, error)) found.insert(at.string());
      return;
    }
    const std::string& name = names_[i];
    if (!is_glob(name)) return from(at / name, i + 1);
    const bool deep = name == "**";
    if (deep) from(at, i + 1);
    const auto options = fs::directory_options::skip_permission_denied;
    fs::directory_iterator entry(at.empty() ? "." : at, options, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const std::string own = entry->path().filename().string();
      if (::fnmatch(deep ? "*" : name.c_str(), own.c_str(), FNM_PERIOD) != 0) continue;
      std::error_code unreadable;
      const bool link = entry->is_symlink(unreadable);
      if (!deep) from(at / own, i + 1);
      if (deep && !link && entry->is_directory(unreadable)) from(at / own, i);
    }
  }

  std::set<std::string> found;

 private:
  const std::vector<std::string> names_;
};

}  // namespace

bool is_glob(const std::string& text) {
  return text.find_first_of("*?[") != std::string::npos;
}

std::vector<std::string> files_matching(const std::string& pattern) {
  std::vector<std::string> names;
  for (const std::string& name : split(pattern, '/')) {
    if (!name.empty()) names.push_back(name);
  }
  if (!names.empty() && names.back() == "**") names.emplace_back("*");
  Walk walk(std::move(names));
  walk.from(starts_with(pattern, "/") ? "/" : "", 0);
  return {walk.found.begin(), walk.found.end()};
}

}  // namespace envforge::support
