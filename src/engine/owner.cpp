#include <envforge/engine/owner.hpp>

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>

#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

namespace envforge::engine {
namespace {

namespace fs = std::filesystem;

std::string this_place() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  struct stat status {};
  ::stat("/proc/self/ns/pid", &status);
  return std::string(name.data()) + "." + std::to_string(status.st_ino);
}

std::string digits_of(const std::string& place) {
  return support::sha256_hex(place).substr(0, 16);
}

// "PLACE.PID.START"
std::string in_a_name(const std::string& owner) {
  const auto parts = support::split(owner, '/');
  return digits_of(parts.at(0)) + "." + parts.at(1) + "." + parts.at(2);
}

// Of such a name's parts, as owner_runs.
std::optional<bool> named_owner_runs(const std::vector<std::string>& parts) {
  if (parts[0] != digits_of(this_place())) return std::nullopt;
  return owner_runs(this_place() + "/" + parts[1] + "/" + parts[2]);
}

/// Field 22 of /proc/PID/stat, in clock ticks since boot; "" without such a process.
std::string start_time(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t after_name = text.rfind(')');  // the name may hold blanks and brackets
  if (after_name == std::string::npos) return {};
  std::istringstream fields(text.substr(after_name + 1));
  std::string field;
  for (int number = 3; number <= 22 && fields >> field; ++number) {
    if (number == 3 && field == "Z") return {};
  }
  return fields ? field : std::string{};
}

constexpr std::string_view kFolder = "envforge-";

// Not a link, and not another user's: anybody can make such a name where all may write.
bool is_own_folder(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
}

}  // namespace

std::string this_process_as_owner() {
  const std::string pid = std::to_string(::getpid());
  return this_place() + "/" + pid + "/" + start_time(pid);
}

std::optional<bool> owner_runs(const std::string& owner) {
  const auto parts = support::split(owner, '/');
  if (parts.size() != 3 || parts[0] != this_place() || parts[1].empty() || parts[2].empty()) return std::nullopt;
  if (parts[1].find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return start_time(parts[1]) == parts[2];
}

std::string borrowed_name(const std::string& owner, const std::string& random) {
  return std::string(kBorrowedRepository) + ":" + in_a_name(owner) + "." + random;
}

std::optional<bool> borrower_runs(const std::string& name) {
  const std::string start = std::string(kBorrowedRepository) + ":";
  if (!support::starts_with(name, start)) return std::nullopt;
  const auto parts = support::split(name.substr(start.size()), '.');
  return parts.size() == 4 ? named_owner_runs(parts) : std::nullopt;
}

std::string folder_prefix(const std::string& owner) {
  return std::string(kFolder) + in_a_name(owner) + "-";
}

std::vector<std::string> remove_left_folders(const fs::path& parent) {
  std::vector<std::string> removed;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    const std::string name = entry.path().filename().string();
    const auto end = name.rfind('-');
    if (!support::starts_with(name, kFolder) || end < kFolder.size()) continue;
    const auto parts = support::split(name.substr(kFolder.size(), end - kFolder.size()), '.');
    if (parts.size() != 3 || named_owner_runs(parts).value_or(true) || !is_own_folder(entry.path())) continue;
    if (fs::remove_all(entry.path(), error) > 0 && !error) removed.push_back(entry.path().string());
  }
  return removed;
}

}  // namespace envforge::engine
