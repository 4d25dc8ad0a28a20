#include "loader/root.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <deque>
#include <fstream>
#include <sstream>

#include <envforge/support/text.hpp>

namespace envforge::validator::loader {
namespace {

constexpr int kMostLinks = 40;  // as the kernel

std::deque<std::string> parts_of(const std::string& path) {
  const auto parts = support::split(path, '/');
  return {parts.begin(), parts.end()};
}

}  // namespace

std::string variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Root::Root(std::string folder) : folder_(std::move(folder)) {
  while (!folder_.empty() && folder_.back() == '/') folder_.pop_back();
}

std::optional<std::string> Root::real(const std::string& path) const {
  std::deque<std::string> rest = parts_of(path);
  std::string done;  // real so far, "" is the root
  int links = 0;
  while (!rest.empty()) {
    const std::string part = rest.front();
    rest.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      done.erase(std::min(done.rfind('/'), done.size()));
      continue;
    }
    const std::string next = done + "/" + part;
    struct stat status {};
    if (::lstat((folder_ + next).c_str(), &status) != 0) return std::nullopt;
    if (!S_ISLNK(status.st_mode)) {
      done = next;
      continue;
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlink((folder_ + next).c_str(), target.data(), target.size());
    if (size <= 0 || ++links > kMostLinks) return std::nullopt;
    const std::string text(target.data(), static_cast<std::size_t>(size));
    if (text.front() == '/') done.clear();
    const auto more = parts_of(text);
    rest.insert(rest.begin(), more.begin(), more.end());
  }
  return done.empty() ? "/" : done;
}

std::optional<std::string> Root::on_disk(const std::string& path) const {
  const auto found = real(path);
  if (!found) return std::nullopt;
  return folder_ + *found;
}

bool Root::is_file(const std::string& path) const {
  const auto place = on_disk(path);
  struct stat status {};
  return place && ::stat(place->c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool Root::is_folder(const std::string& path) const {
  const auto place = on_disk(path);
  struct stat status {};
  return place && ::stat(place->c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::vector<std::string> Root::list(const std::string& folder) const {
  std::vector<std::string> names;
  const auto place = on_disk(folder);
  DIR* handle = place ? ::opendir(place->c_str()) : nullptr;
  if (handle == nullptr) return names;
  while (const dirent* entry = ::readdir(handle)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(handle);
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> Root::read(const std::string& path, std::size_t longest) const {
  if (!is_file(path)) return std::nullopt;
  std::ifstream file(*on_disk(path), std::ios::binary);
  std::string content;
  std::array<char, 1U << 16> block{};  // to the end, not by its size: files of /proc say that they are empty
  while (file.read(block.data(), block.size()) || file.gcount() > 0) {
    content.append(block.data(), static_cast<std::size_t>(file.gcount()));
    if (content.size() > longest) return std::nullopt;
  }
  if (!file.eof()) return std::nullopt;
  return content;
}

std::string normal(const std::string& path) {
  std::vector<std::string> kept;
  const bool absolute = !path.empty() && path.front() == '/';
  for (const std::string& part : support::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && !kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (part != ".." || !absolute) {
      kept.push_back(part);
    }
  }
  return (absolute ? "/" : "") + support::join(kept, "/");
}

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_library_name(const std::string& path) {
  const std::string name = file_name(path);
  const auto at = name.find(".so");
  if (at == std::string::npos) return false;
  const std::string rest = name.substr(at + 3);
  return rest.empty() ||
         (rest.size() > 1 && rest[0] == '.' && rest.find_first_not_of("0123456789.") == std::string::npos);
}

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return "";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace envforge::validator::loader
