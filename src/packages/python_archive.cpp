#include <envforge/packages/python_archive.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <zlib.h>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/tar_index.hpp>
#include <envforge/support/text.hpp>

namespace envforge::packages {
namespace {

namespace fs = std::filesystem;
using support::Error;
using support::ErrorCode;
using support::TarMember;

constexpr std::uint64_t kLargest = 2ULL << 30;  // unpacked; the largest that publishers have are below 0.5 GiB
constexpr std::size_t kMostMembers = 100'000;
constexpr std::size_t kBuffer = 1U << 18;
constexpr std::size_t kBlock = 512, kNameField = 100, kPrefixField = 155;

[[noreturn]] void refuse(const std::string& archive, const std::string& what) {
  throw Error(ErrorCode::kPythonArchive, support::printable(archive) + ": " + what);
}

/// The unpacked tar, in a file of its own: its members are looked at before any is taken.
void unpack(const std::string& archive, const fs::path& tar) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> in(gzopen(archive.c_str(), "rb"), gzclose);
  std::ofstream out(tar, std::ios::binary);
  if (!in) throw Error(ErrorCode::kFileUnreadable, "cannot read " + support::printable(archive));
  if (gzdirect(in.get()) != 0) refuse(archive, "it is not packed by gzip");
  std::vector<char> buffer(kBuffer);
  std::uint64_t total = 0;
  for (;;) {
    const int count = gzread(in.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    int problem = Z_OK;
    gzerror(in.get(), &problem);
    if (count < 0 || (count == 0 && problem != Z_OK)) refuse(archive, "its gzip data is damaged or cut short");
    if (count == 0) break;
    total += static_cast<std::uint64_t>(count);
    if (total > kLargest) refuse(archive, "it unpacks to more than 2 GiB");
    out.write(buffer.data(), count);
  }
  out.flush();
  if (!out) throw Error(ErrorCode::kFileWrite, "cannot unpack " + support::printable(archive) + " to " + tar.string());
}

/// "python/bin" of "./python/bin/"; refuses what is no plain path below the archive's root.
std::string plain_path(const std::string& archive, std::string name) {
  const std::string shown = "'" + support::printable(name) + "'";
  while (support::starts_with(name, "./")) name.erase(0, 2);
  while (!name.empty() && name.back() == '/') name.pop_back();
  if (name == ".") name.clear();
  if (name.empty()) return name;
  for (const std::string& part : support::split(name, '/')) {
    if (part.empty() || part == "." || part == "..") refuse(archive, shown + " is no path inside it");
  }
  if (support::printable(name) != name) refuse(archive, shown + " holds characters that no file of Python has");
  return name;
}

/// Where a symbolic link at `path` leads, from the archive's root; nullopt: out of it.
std::optional<std::string> target_of(const std::string& path, const std::string& link) {
  if (link.empty() || link.front() == '/') return std::nullopt;
  std::vector<std::string> parts = support::split(path, '/');
  parts.pop_back();
  for (const std::string& part : support::split(link, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  return support::join(parts, "/");
}

class Archive {
 public:
  Archive(std::string name, const std::string& tar, std::string series)
      : name_(std::move(name)), series_(std::move(series)) {
    const auto members = support::index_tar(tar, ErrorCode::kPythonArchive);
    if (members.size() > kMostMembers) refuse(name_, "it has more than 100,000 members");
    for (TarMember member : members) {
      const std::string path = plain_path(name_, member.name);
      if (path.empty()) continue;
      if (member.type == TarMember::Type::kFolder) {
        folders_.insert(path);
      } else if (!members_.emplace(path, std::move(member)).second) {
        refuse(name_, "'" + path + "' stands twice in it");
      }
    }
    find_prefix();
    check();
  }

  bool has_headers() const { return members_.count(prefix_ + "include/python" + series_ + "/Python.h") > 0; }
  const std::string& prefix() const { return prefix_; }  // "" or "python/"
  /// Files and links, by path.
  const std::map<std::string, TarMember>& members() const { return members_; }
  /// The file itself, or the one that a hard link names.
  const TarMember& file(const TarMember& member) const {
    return member.type == TarMember::Type::kFile ? member : members_.at(plain_path(name_, member.link));
  }

 private:
  // A link to one too: `make install` links python3.13t and python3.13.
  bool is_program(const std::string& path, int links = 0) const {
    constexpr int kMostLinks = 8;
    const auto found = members_.find(path);
    if (found == members_.end() || links > kMostLinks) return false;
    const TarMember& member = found->second;
    if (member.type != TarMember::Type::kLink) return member.type == TarMember::Type::kFile && member.executable;
    const std::optional<std::string> target =
        member.symbolic ? target_of(path, member.link) : plain_path(name_, member.link);
    return target && is_program(*target, links + 1);
  }

  void find_prefix() {
    const std::string program = "bin/python" + series_;
    std::set<std::string> tops;
    for (const auto& [path, member] : members_) tops.insert(path.substr(0, path.find('/')));
    if (is_program(program)) return;
    if (tops.size() != 1) {
      const std::vector<std::string> names(tops.begin(), tops.end());
      refuse(name_, "it has no program " + program + (names.empty() ? "" : "; it holds " + shortened(names)));
    }
    prefix_ = *tops.begin() + "/";
    if (is_program(prefix_ + program)) return;
    std::vector<std::string> programs;
    for (const auto& [path, member] : members_) {
      if (path.find("bin/python") != std::string::npos) programs.push_back(path);
    }
    refuse(name_,
           "it has no program " + prefix_ + program + (programs.empty() ? "" : "; it has " + shortened(programs)));
  }

  static std::string shortened(std::vector<std::string> names) {
    constexpr std::size_t kMost = 6;
    const bool more = names.size() > kMost;
    names.resize(std::min(names.size(), kMost));
    return support::join(names, ", ") + (more ? ", ..." : "");
  }

  void check() const {
    if (members_.count(prefix_ + "lib/python" + series_ + "/os.py") == 0)
      refuse(name_, "it has no standard library: " + prefix_ + "lib/python" + series_ + "/os.py");
    for (const auto& [path, member] : members_) check(path, member);
  }

  void check(const std::string& path, const TarMember& member) const {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (members_.count(path.substr(0, slash)) > 0) refuse(name_, "'" + path + "' lies below what is no folder");
    }
    if (folders_.count(path) > 0) refuse(name_, "'" + path + "' is a folder and a file");
    if (member.type == TarMember::Type::kFile) return;
    if (member.type == TarMember::Type::kOther) refuse(name_, "'" + path + "' is neither a file, a folder nor a link");
    const std::string link = "'" + path + "' links to '" + support::printable(member.link) + "'";
    if (!member.symbolic) {
      const auto found = members_.find(plain_path(name_, member.link));
      if (found == members_.end() || found->second.type != TarMember::Type::kFile)
        refuse(name_, link + ", which is no file of it");
      return;
    }
    const auto target = target_of(path, member.link);
    if (!target || !support::starts_with(*target + "/", prefix_) || member.link.size() > kNameField)
      refuse(name_, link + ", outside the prefix");
  }

  std::string name_, series_, prefix_;
  std::map<std::string, TarMember> members_;
  std::set<std::string> folders_;
};

/// Root's, with one time: what a layer shall not depend on is not in it.
class LayerWriter {
 public:
  LayerWriter(const std::string& tar, const std::string& layer)
      : in_(tar, std::ios::binary), out_(layer, std::ios::binary), layer_(layer) {}

  void folder(const std::string& path) { header(path + "/", '5', 0755, 0, ""); }
  void link(const std::string& path, const std::string& target) { header(path, '2', 0777, 0, target); }
  void file(const std::string& path, const TarMember& member, bool executable) {
    header(path, '0', executable ? 0755 : 0644, member.bytes, "");
    in_.seekg(static_cast<std::streamoff>(member.offset));
    std::vector<char> buffer(kBuffer);
    for (std::uint64_t left = member.bytes; left > 0 && in_;) {
      const auto count = static_cast<std::streamsize>(std::min<std::uint64_t>(left, buffer.size()));
      in_.read(buffer.data(), count);
      out_.write(buffer.data(), count);
      left -= static_cast<std::uint64_t>(count);
    }
    const std::string padding((kBlock - member.bytes % kBlock) % kBlock, '\0');
    out_ << padding;
  }
  void finish() {
    out_ << std::string(2 * kBlock, '\0');
    out_.flush();
    if (!in_ || !out_) throw Error(ErrorCode::kFileWrite, "cannot write " + layer_);
  }

 private:
  void header(const std::string& path, char type, unsigned mode, std::uint64_t bytes, const std::string& link) {
    constexpr unsigned kTime = 1577836800;  // 2020-01-01, as everything below /opt
    std::array<char, kBlock> block{};
    const auto put = [&](std::size_t at, const std::string& text) {
      std::copy(text.begin(), text.end(), block.begin() + static_cast<std::ptrdiff_t>(at));
    };
    const auto octal = [&](std::size_t at, int width, std::uint64_t value) {
      std::array<char, 16> text{};
      std::snprintf(text.data(), text.size(), "%0*llo", width, static_cast<unsigned long long>(value));
      put(at, text.data());
    };
    const auto [prefix, name] = split(path);
    put(0, name);
    octal(100, 7, mode);
    octal(108, 7, 0);
    octal(116, 7, 0);
    octal(124, 11, bytes);
    octal(136, 11, kTime);
    put(148, "        ");
    block[156] = type;
    put(157, link);
    put(257, std::string("ustar\0"
                         "00",
                         8));
    put(345, prefix);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    octal(148, 6, sum);
    block[154] = '\0';
    out_.write(block.data(), static_cast<std::streamsize>(block.size()));
  }

  // A path is at most 100 bytes, or 155 before a slash and 100 behind it.
  std::pair<std::string, std::string> split(const std::string& path) const {
    if (path.size() <= kNameField) return {"", path};
    const auto slash = path.find('/', path.size() - kNameField - 1);
    if (slash == std::string::npos || slash > kPrefixField || slash + 1 == path.size())
      throw Error(ErrorCode::kPythonArchive, "the path '" + path + "' is too long");
    return {path.substr(0, slash), path.substr(slash + 1)};
  }

  std::ifstream in_;
  std::ofstream out_;
  std::string layer_;
};

bool is_compiled(const std::string& path) {
  return path.find("/__pycache__/") != std::string::npos;
}

}  // namespace

PythonLayer write_python_layer(const std::string& archive, const std::string& series, const std::string& folder,
                               const std::string& layer) {
  const support::TempDir unpacked("envforge-python-");
  const std::string tar = (unpacked.path() / "python.tar").string();
  unpack(archive, tar);
  const Archive python(archive, tar, series);
  LayerWriter out(tar, layer);
  std::set<std::string> made;
  const auto make_folders = [&](const std::string& path) {
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (made.insert(path.substr(0, slash)).second) out.folder(path.substr(0, slash));
    }
  };
  for (const auto& [path, member] : python.members()) {
    if (is_compiled(path)) continue;
    const std::string place = folder + "/" + path.substr(python.prefix().size());
    make_folders(place);
    if (member.symbolic) {
      out.link(place, member.link);
    } else {
      const TarMember& file = python.file(member);
      out.file(place, file, file.executable);
    }
  }
  out.finish();
  return {python.has_headers()};
}

}  // namespace envforge::packages
