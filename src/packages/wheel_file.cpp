#include <envforge/packages/wheel_file.hpp>

#include <algorithm>
#include <fstream>
#include <optional>

#include <zlib.h>

#include <envforge/support/error.hpp>
#include <envforge/support/text.hpp>

namespace envforge::packages {
namespace {

using support::Error;
using support::ErrorCode;

constexpr std::size_t kBlock = 1U << 18;
constexpr std::uint64_t kMostText = 16U << 20;
constexpr std::uint64_t kMostDirectory = 256U << 20;  // torch 2.6.0: 11,402 members, 1.2 MB
constexpr std::size_t kEndRecord = 22, kLocator64 = 20, kEndRecord64 = 56, kEntry = 46, kLocalHeader = 30;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint32_t kIn64 = 0xffffffffU;  // the number stands in the zip64 field instead
constexpr std::uint16_t kZip64Field = 1, kStored = 0, kDeflated = 8, kEncrypted = 1;

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ErrorCode::kFileUnreadable, support::printable(path) + ": " + what, std::nullopt,
              "download it again: its sha256 stands beside it in the index");
}

/// The little-endian number of `bytes` bytes; the caller has looked that they are there.
std::uint64_t number(std::string_view text, std::size_t at, int bytes) {
  std::uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i)
    value = value << 8U | static_cast<unsigned char>(text[at + static_cast<std::size_t>(i)]);
  return value;
}

class ZipReader {
 public:
  explicit ZipReader(const std::string& path) : path_(path), file_(path, std::ios::binary | std::ios::ate) {
    const std::streamoff end = file_ ? static_cast<std::streamoff>(file_.tellg()) : -1;
    if (end < 0) throw Error(ErrorCode::kFileUnreadable, "cannot read " + support::printable(path));
    size_ = static_cast<std::uint64_t>(end);
  }

  std::uint64_t size() const { return size_; }
  std::string bytes(std::uint64_t at, std::uint64_t count) {
    if (at > size_ || count > size_ - at) refuse(path_, "it is cut short");
    std::string out(static_cast<std::size_t>(count), '\0');
    file_.seekg(static_cast<std::streamoff>(at));
    file_.read(out.data(), static_cast<std::streamsize>(count));
    if (!file_) throw Error(ErrorCode::kFileUnreadable, "cannot read " + support::printable(path_));
    return out;
  }

 private:
  const std::string& path_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
};

struct Directory {
  std::uint64_t at = 0, size = 0, members = 0;
};

Directory find_directory(ZipReader& zip, const std::string& path) {
  const std::uint64_t tail = std::min<std::uint64_t>(zip.size(), kEndRecord + kLongestComment);
  const std::uint64_t start = zip.size() - tail;
  const std::string text = zip.bytes(start, tail);
  const std::size_t end = text.rfind("PK\x05\x06");
  if (end == std::string::npos || text.size() - end < kEndRecord) refuse(path, "it is no zip, so no wheel");
  Directory out{number(text, end + 16, 4), number(text, end + 12, 4), number(text, end + 10, 2)};
  if (end >= kLocator64 && text.compare(end - kLocator64, 4, "PK\x06\x07") == 0) {
    const std::string record = zip.bytes(number(text, end - kLocator64 + 8, 8), kEndRecord64);
    if (record.compare(0, 4, "PK\x06\x06") != 0) refuse(path, "its zip64 record is not where it should be");
    out = {number(record, 48, 8), number(record, 40, 8), number(record, 32, 8)};
  }
  if (out.size > kMostDirectory) refuse(path, "its list of members is longer than 256 MiB");
  return out;
}

/// Sizes and place that do not fit into 32 bits stand in the extra field, those that do are left out there.
void read_zip64(std::string_view extra, WheelMember& member, const std::string& path) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const std::size_t length = number(extra, at + 2, 2);
    if (length > extra.size() - at - 4) break;
    if (number(extra, at, 2) == kZip64Field) {
      std::size_t next = at + 4;
      for (std::uint64_t* value : {&member.size, &member.packed, &member.header}) {
        if (*value != kIn64) continue;
        if (next + 8 > at + 4 + length)
          refuse(path, "a zip64 field of " + support::printable(member.name) + " is cut short");
        *value = number(extra, next, 8);
        next += 8;
      }
      return;
    }
    at += 4 + length;
  }
}

std::vector<WheelMember> read_members(ZipReader& zip, const std::string& path) {
  const Directory directory = find_directory(zip, path);
  const std::string text = zip.bytes(directory.at, directory.size);
  std::vector<WheelMember> members;
  for (std::size_t at = 0; members.size() < directory.members;) {
    if (text.size() - at < kEntry || text.compare(at, 4, "PK\x01\x02") != 0)
      refuse(path, "its list of members is broken");
    WheelMember member;
    const std::uint64_t flags = number(text, at + 8, 2);
    member.method = static_cast<std::uint16_t>(number(text, at + 10, 2));
    member.crc32 = static_cast<std::uint32_t>(number(text, at + 16, 4));
    member.packed = number(text, at + 20, 4);
    member.size = number(text, at + 24, 4);
    member.header = number(text, at + 42, 4);
    const std::size_t name = number(text, at + 28, 2), extra = number(text, at + 30, 2),
                      comment = number(text, at + 32, 2);
    if (text.size() - at - kEntry < name + extra + comment) refuse(path, "its list of members is broken");
    member.name = text.substr(at + kEntry, name);
    read_zip64(std::string_view(text).substr(at + kEntry + name, extra), member, path);
    if ((flags & kEncrypted) != 0) refuse(path, support::printable(member.name) + " is encrypted");
    at += kEntry + name + extra + comment;
    members.push_back(std::move(member));
  }
  return members;
}

/// zlib's state, freed whatever happens.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK; }  // raw: a zip has its own header
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Gives what `in` unpacks to; false if it is no deflated data.
  bool feed(std::string& in, const std::function<void(std::string_view)>& sink) {
    stream_.next_in = reinterpret_cast<unsigned char*>(in.data());
    stream_.avail_in = static_cast<unsigned>(in.size());
    int state = Z_OK;
    do {
      stream_.next_out = reinterpret_cast<unsigned char*>(out_.data());
      stream_.avail_out = static_cast<unsigned>(out_.size());
      state = ready_ ? inflate(&stream_, Z_NO_FLUSH) : Z_MEM_ERROR;
      if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) return false;
      sink(std::string_view(out_).substr(0, out_.size() - stream_.avail_out));
    } while (state == Z_OK && stream_.avail_out == 0);
    return true;
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
  std::string out_ = std::string(kBlock, '\0');
};

}  // namespace

WheelFile::WheelFile(std::string path) : path_(std::move(path)) {
  ZipReader zip(path_);
  members_ = read_members(zip, path_);
}

const WheelMember* WheelFile::find(std::string_view name) const {
  const auto member = std::find_if(members_.begin(), members_.end(), [&](const auto& one) { return one.name == name; });
  return member == members_.end() ? nullptr : &*member;
}

void WheelFile::read(const WheelMember& member, const Sink& sink) const {
  const std::string name = support::printable(member.name);
  if (member.method != kStored && member.method != kDeflated)
    refuse(path_, name + " is packed by method " + std::to_string(member.method) + ", which is not read");
  ZipReader zip(path_);
  const std::string header = zip.bytes(member.header, kLocalHeader);
  if (header.compare(0, 4, "PK\x03\x04") != 0) refuse(path_, name + " is not where the list of members says");
  std::uint64_t at = member.header + kLocalHeader + number(header, 26, 2) + number(header, 28, 2);
  std::uint64_t size = 0;
  uLong crc = ::crc32(0, nullptr, 0);
  const Sink count = [&](std::string_view block) {
    size += block.size();
    if (size > member.size)
      refuse(path_, name + " unpacks to more than the " + std::to_string(member.size) + " bytes it names");
    crc = ::crc32(crc, reinterpret_cast<const unsigned char*>(block.data()), static_cast<unsigned>(block.size()));
    sink(block);
  };
  Inflater inflater;
  for (std::uint64_t left = member.packed; left > 0;) {
    std::string block = zip.bytes(at, std::min<std::uint64_t>(left, kBlock));
    at += block.size();
    left -= block.size();
    if (member.method == kStored) {
      count(block);
    } else if (!inflater.feed(block, count)) {
      refuse(path_, name + " is damaged: it cannot be unpacked");
    }
  }
  if (size != member.size || crc != member.crc32) refuse(path_, name + " is damaged: its size or CRC-32 is another");
}

std::string WheelFile::text(const WheelMember& member) const {
  if (member.size > kMostText) refuse(path_, support::printable(member.name) + " is larger than 16 MiB");
  std::string out;
  read(member, [&](std::string_view block) { out += block; });
  return out;
}

void WheelFile::unpack(const WheelMember& member, const std::string& target) const {
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  const auto check = [&] {
    if (!file) throw Error(ErrorCode::kFileWrite, "cannot write " + support::printable(target));
  };
  check();
  read(member, [&](std::string_view block) {
    file.write(block.data(), static_cast<std::streamsize>(block.size()));
    check();
  });
  file.close();
  check();
}

}  // namespace envforge::packages
