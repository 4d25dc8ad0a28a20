#include "elf/device_code.hpp"

#include <algorithm>

namespace envforge::validator::elf {
namespace {

constexpr std::uint32_t kMagic = 0xBA55ED50U;
constexpr std::uint64_t kAlignment = 8;          // fat binaries start on it, padding stands between them
constexpr std::uint64_t kLeastHeader = 16;       // u32 magic, u16 version, u16 header size, u64 size
constexpr std::uint64_t kLeastEntryHeader = 48;  // up to and with the flags
constexpr std::uint64_t kFlagExact = 0x100000;   // "a"
constexpr std::uint64_t kFlagFamily = 0x200000;  // "f"
constexpr std::size_t kMostBinaries = 1U << 20;  // libcublasLt has some thousand

/// nullopt for a kind that is neither PTX nor ELF, or for a target that cannot be: the entry is passed over.
std::optional<CodeEntry> read_entry(const Bytes& header, std::uint64_t payload) {
  CodeEntry entry;
  const std::uint16_t kind = *header.read<std::uint16_t>(0);
  if (kind != 1 && kind != 2) return std::nullopt;
  entry.kind = kind == 1 ? CodeEntry::Kind::kPtx : CodeEntry::Kind::kSass;
  const std::uint32_t number = *header.read<std::uint32_t>(28);
  if (number < 10 || number > 999) return std::nullopt;
  const std::uint64_t flags = *header.read<std::uint64_t>(40);
  entry.target.major = static_cast<int>(number / 10);
  entry.target.minor = static_cast<int>(number % 10);
  if ((flags & kFlagExact) != 0) entry.target.suffix = 'a';
  if ((flags & kFlagFamily) != 0) entry.target.suffix = 'f';
  entry.bytes = payload;
  return entry;
}

/// Reads one fat binary's entries; false if they do not fill it exactly.
bool read_entries(const Bytes& entries, FatBinary& out) {
  std::uint64_t at = 0;
  while (at < entries.size()) {
    const auto header = entries.slice(at, kLeastEntryHeader);
    if (!header) return false;
    const std::uint64_t header_size = *header->read<std::uint32_t>(4);
    const std::uint64_t payload = *header->read<std::uint64_t>(8);
    if (header_size < kLeastEntryHeader || !entries.contains(at, header_size)) return false;
    const std::uint64_t left = entries.size() - at - header_size;
    if (payload > left) return false;
    if (auto entry = read_entry(*header, payload)) out.push_back(*entry);
    at += header_size + payload;
  }
  return true;
}

std::map<GpuTarget, std::size_t> count(const std::vector<FatBinary>& binaries, CodeEntry::Kind kind) {
  std::map<GpuTarget, std::size_t> counts;
  for (const FatBinary& binary : binaries) {
    for (const CodeEntry& entry : binary) {
      if (entry.kind == kind) ++counts[entry.target];
    }
  }
  return counts;
}

}  // namespace

std::map<GpuTarget, std::size_t> DeviceCode::sass() const {
  return count(binaries, CodeEntry::Kind::kSass);
}

std::map<GpuTarget, std::size_t> DeviceCode::ptx() const {
  return count(binaries, CodeEntry::Kind::kPtx);
}

DeviceCode read_fat_binaries(const Bytes& section) {
  DeviceCode code;
  std::uint64_t at = 0;
  while (section.contains(at, kLeastHeader) && code.binaries.size() < kMostBinaries) {
    if (section.read<std::uint32_t>(at) != kMagic) {
      at += kAlignment;
      continue;
    }
    const std::uint64_t header_size = *section.read<std::uint16_t>(at + 6);
    const std::uint64_t size = *section.read<std::uint64_t>(at + 8);
    const std::uint64_t left = section.size() - at;
    FatBinary binary;
    bool whole = header_size >= kLeastHeader && header_size <= left;
    if (whole) {
      const std::uint64_t readable = std::min(size, left - header_size);
      whole = read_entries(*section.slice(at + header_size, readable), binary) && readable == size;
    }
    if (!whole) ++code.malformed;
    for (const CodeEntry& entry : binary) code.payload_bytes += entry.bytes;
    if (!binary.empty()) code.binaries.push_back(std::move(binary));
    // After a broken one the next magic is searched for, so that one bad header hides nothing behind it.
    const std::uint64_t next = whole ? header_size + size : kAlignment;
    at += (next + kAlignment - 1) / kAlignment * kAlignment;
  }
  return code;
}

DeviceCode read_device_code(const ElfFile& file) {
  DeviceCode all;
  for (const Section& section : file.sections) {
    if (section.name != ".nv_fatbin") continue;
    DeviceCode one = read_fat_binaries(section.bytes);
    std::move(one.binaries.begin(), one.binaries.end(), std::back_inserter(all.binaries));
    all.payload_bytes += one.payload_bytes;
    all.malformed += one.malformed;
  }
  return all;
}

}  // namespace envforge::validator::elf
