#include "loader/ld_cache.hpp"

#include <string_view>

#include "elf/elf_file.hpp"

namespace envforge::validator::loader {
namespace {

constexpr std::string_view kOldMagic = "ld.so-1.7.0";
constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
constexpr std::uint64_t kOldHeader = 16;  // 11 + padding, u32 entries
constexpr std::uint64_t kOldEntry = 12;
constexpr std::uint64_t kHeader = 48;
constexpr std::uint64_t kEntry = 24;  // i32 flags, u32 key, u32 value, u32 osversion, u64 hwcap

bool starts_with(const elf::Bytes& file, std::uint64_t at, std::string_view text) {
  const auto slice = file.slice(at, text.size());
  return slice && std::string_view(reinterpret_cast<const char*>(slice->data()), text.size()) == text;
}

/// ELF + libc6 (3) with the high byte of the machine, as ldconfig writes it.
std::uint32_t flags_of(std::uint16_t machine) {
  return machine == static_cast<std::uint16_t>(elf::Machine::kAarch64) ? 0x0a03U : 0x0303U;
}

}  // namespace

std::vector<CacheEntry> read_ld_cache(const elf::Bytes& file, std::uint16_t machine) {
  std::uint64_t start = 0;
  if (starts_with(file, 0, kOldMagic)) {
    const auto old_entries = file.read<std::uint32_t>(12);
    if (!old_entries) return {};
    start = (kOldHeader + kOldEntry * *old_entries + 7) / 8 * 8;
  }
  if (!starts_with(file, start, kMagic)) return {};
  const auto count = file.read<std::uint32_t>(start + 20);
  if (!count) return {};
  std::vector<CacheEntry> entries;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto row = file.slice(start + kHeader + i * kEntry, kEntry);
    if (!row) break;
    if (*row->read<std::uint32_t>(0) != flags_of(machine) || *row->read<std::uint64_t>(16) != 0) continue;
    auto soname = file.text(start + *row->read<std::uint32_t>(4));
    auto path = file.text(start + *row->read<std::uint32_t>(8));
    if (soname && path) entries.push_back({std::move(*soname), std::move(*path)});
  }
  return entries;
}

}  // namespace envforge::validator::loader
