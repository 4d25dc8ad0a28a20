#include "support/archives.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace envforge::testing {
namespace {

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8U * static_cast<unsigned>(i))) & 0xffU);
}

std::string octal(std::size_t value, int width) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*zo", width, value);
  return text.data();
}

}  // namespace

std::string make_zip(const NamedFiles& files, const std::function<std::string(const std::string&)>& deflate) {
  std::string out;
  std::string directory;
  for (const auto& [name, content] : files) {
    const std::string packed = deflate ? deflate(content) : content;
    std::string common;  // version needed, flags, method, time, date 1980-01-01, crc, sizes, name length, extra length
    put(common, 20, 2);
    put(common, 0, 2);
    put(common, deflate ? 8 : 0, 2);
    put(common, 0, 2);
    put(common, 0x21, 2);
    put(common, crc32(content), 4);
    put(common, packed.size(), 4);
    put(common, content.size(), 4);
    put(common, name.size(), 2);
    put(common, 0, 2);
    directory += "PK\x01\x02";
    put(directory, 20 | (3U << 8U), 2);
    directory += common;
    put(directory, 0, 2);  // comment
    put(directory, 0, 2);  // disk
    put(directory, 0, 2);  // internal attributes
    put(directory, 0100755ULL << 16U, 4);
    put(directory, out.size(), 4);
    directory += name;
    out += "PK\x03\x04" + common + name + packed;
  }
  const std::size_t start = out.size();
  out += directory + "PK\x05\x06";
  put(out, 0, 4);
  put(out, files.size(), 2);
  put(out, files.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, 0, 2);
  return out;
}

std::string tar_member(const std::string& name, const std::string& content, char type, const std::string& link,
                       const std::string& mode) {
  std::string header(512, '\0');
  const auto field = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  field(0, name.substr(0, 100));
  field(100, mode);
  field(108, "0000000");
  field(116, "0000000");
  field(124, octal(content.size(), 11));
  field(136, octal(0, 11));
  field(148, "        ");
  field(156, std::string(1, type));
  field(157, link.substr(0, 100));
  field(257, std::string("ustar\0", 6) + "00");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  field(148, octal(sum, 6) + std::string("\0 ", 2));
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

std::string make_tar_of(const std::vector<std::string>& members) {
  std::string out;
  for (const auto& member : members) out += member;
  return out + std::string(1024, '\0');
}

std::string make_tar(const NamedFiles& files) {
  std::vector<std::string> members;
  for (const auto& [name, content] : files)
    members.push_back(tar_member(name, content, !name.empty() && name.back() == '/' ? '5' : '0'));
  return make_tar_of(members);
}

std::string make_gzip(const std::string& content) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  std::size_t at = 0;
  do {  // stored deflate blocks
    const std::size_t size = std::min<std::size_t>(content.size() - at, 0xffff);
    out += at + size == content.size() ? '\x01' : '\0';
    put(out, size, 2);
    put(out, ~size & 0xffffU, 2);
    out += content.substr(at, size);
    at += size;
  } while (at < content.size());
  put(out, crc32(content), 4);
  put(out, content.size() & 0xffffffffU, 4);
  return out;
}

std::string make_ar(const NamedFiles& files) {
  std::string out = "!<arch>\n";
  for (const auto& [name, content] : files) {
    std::array<char, 64> header{};
    std::snprintf(header.data(), header.size(), "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name.c_str(), 0, 0, 0, "100644",
                  content.size());
    out += header.data() + content;
    if (content.size() % 2 != 0) out += '\n';
  }
  return out;
}

}  // namespace envforge::testing
