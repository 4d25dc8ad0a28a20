#include <envforge/support/tar_index.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>

#include <envforge/support/error.hpp>

namespace envforge::support {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kLongestExtension = 1U << 20;
using Block = std::array<char, kBlock>;

/// The file that is read, for its errors.
struct Reading {
  const std::string& file;
  ErrorCode code;
};

[[noreturn]] void bad(const Reading& reading, std::uint64_t at, const std::string& what) {
  throw Error(reading.code, reading.file + ": " + what + " at byte " + std::to_string(at));
}

std::string text_field(const Block& block, std::size_t at, std::size_t size) {
  const char* begin = block.data() + at;
  return {begin, std::find(begin, begin + size, '\0')};
}

std::uint64_t number_field(const Block& block, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  if ((static_cast<unsigned char>(block[at]) & 0x80U) != 0) {  // GNU: base 256, for more than 8 GiB
    for (std::size_t i = size - 8; i < size; ++i) value = value << 8U | static_cast<unsigned char>(block[at + i]);
    return value;
  }
  const std::string text = text_field(block, at, size);
  const std::size_t digits = std::min(text.find_first_not_of(' '), text.size());
  std::from_chars(text.data() + digits, text.data() + text.size(), value, 8);
  return value;
}

bool checksum_fits(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    sum += i >= 148 && i < 156 ? static_cast<unsigned>(' ') : static_cast<unsigned char>(block[i]);
  }
  return sum == number_field(block, 148, 8);
}

/// "27 path=some/name\n" records.
std::map<std::string, std::string> pax_records(const std::string& text) {
  std::map<std::string, std::string> records;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), length);
    const auto blank = static_cast<std::size_t>(end - text.data());
    if (problem != std::errc{} || length == 0 || at + length > text.size() || blank + 1 >= at + length) break;
    const std::string record = text.substr(blank + 1, at + length - blank - 2);
    if (const std::size_t equals = record.find('='); equals != std::string::npos) {
      records[record.substr(0, equals)] = record.substr(equals + 1);
    }
    at += length;
  }
  return records;
}

/// What an extension header says of the member behind it.
struct Extension {
  std::string name, link, size;

  void apply(TarMember& member) const {
    if (!name.empty()) member.name = name;
    if (!link.empty()) member.link = link;
    if (!size.empty()) std::from_chars(size.data(), size.data() + size.size(), member.bytes);
  }
};

std::string without_nul(const std::string& text) {
  return text.substr(0, text.find('\0'));
}

void read_extension(char type, const std::string& text, Extension& extension) {
  if (type == 'L') extension.name = without_nul(text);
  if (type == 'K') extension.link = without_nul(text);
  if (type != 'x') return;
  const auto records = pax_records(text);
  const auto take = [&](const char* key, std::string& into) {
    if (const auto found = records.find(key); found != records.end()) into = found->second;
  };
  take("path", extension.name);
  take("linkpath", extension.link);
  take("size", extension.size);
}

TarMember member_of(const Block& block, char type) {
  TarMember member;
  member.name = text_field(block, 0, 100);
  if (const std::string prefix = text_field(block, 345, 155); !prefix.empty() && text_field(block, 257, 5) == "ustar") {
    member.name = prefix + "/" + member.name;
  }
  member.link = text_field(block, 157, 100);
  member.bytes = number_field(block, 124, 12);
  member.symbolic = type == '2';
  if (type == '0' || type == '\0' || type == '7') member.type = TarMember::Type::kFile;
  if (type == '1' || type == '2') member.type = TarMember::Type::kLink;
  if (type == '5') member.type = TarMember::Type::kFolder;
  member.executable = (number_field(block, 100, 8) & 0100U) != 0;
  return member;
}

}  // namespace

std::vector<TarMember> index_tar(const std::string& file, ErrorCode code) {
  const Reading reading{file, code};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) bad(reading, 0, "cannot be read");
  stream.seekg(0, std::ios::end);
  const auto total = static_cast<std::uint64_t>(stream.tellg());
  std::vector<TarMember> members;
  Extension extension;
  Block block{};
  for (std::uint64_t at = 0; at + kBlock <= total;) {
    stream.seekg(static_cast<std::streamoff>(at));
    if (!stream.read(block.data(), kBlock)) bad(reading, at, "cannot be read");
    if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) return members;
    if (!checksum_fits(block)) bad(reading, at, "no tar header");
    const char type = block[156];
    const bool extends = type == 'x' || type == 'g' || type == 'L' || type == 'K';
    TarMember member = member_of(block, type);
    if (!extends) extension.apply(member);
    if (member.type == TarMember::Type::kLink || member.type == TarMember::Type::kFolder) member.bytes = 0;
    member.offset = at + kBlock;
    if (member.bytes > total - member.offset) bad(reading, at, "a member longer than the file");
    if (extends) {
      if (member.bytes > kLongestExtension) bad(reading, at, "an oversized extension header");
      std::string text(member.bytes, '\0');
      stream.read(text.data(), static_cast<std::streamsize>(text.size()));
      read_extension(type, text, extension);
    } else {
      extension = {};
    }
    at = member.offset + (member.bytes + kBlock - 1) / kBlock * kBlock;
    if (!extends) members.push_back(std::move(member));
  }
  bad(reading, total, "no end of the tar file");
}

}  // namespace envforge::support
