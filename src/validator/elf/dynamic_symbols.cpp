#include "elf/dynamic_symbols.hpp"

#include <cstring>

namespace envforge::validator::elf {
namespace {

constexpr std::uint64_t kSymbolSize = 24;  // u32 name, u8 info, u8 other, u16 section, u64 value, u64 size
constexpr unsigned kWeak = 2;
constexpr std::size_t kLongest = 255;  // of a C name

}  // namespace

DynamicSymbols read_dynamic_symbols(const ElfFile& file, const std::function<bool(std::string_view)>& wants) {
  DynamicSymbols out;
  const Section* table = file.section(".dynsym");
  const Section* names = file.section(".dynstr");
  if (table == nullptr || names == nullptr) return out;
  for (std::uint64_t at = kSymbolSize; table->bytes.contains(at, kSymbolSize); at += kSymbolSize) {
    const std::uint64_t name = *table->bytes.read<std::uint32_t>(at);
    if (name >= names->bytes.size()) continue;
    const char* text = reinterpret_cast<const char*>(names->bytes.data() + name);
    const std::size_t room = names->bytes.size() - static_cast<std::size_t>(name);
    const std::string_view view(text, strnlen(text, room < kLongest ? room : kLongest));
    if (!wants(view)) continue;
    const unsigned binding = static_cast<unsigned>(*table->bytes.read<std::uint8_t>(at + 4)) >> 4U;
    const bool defined = *table->bytes.read<std::uint16_t>(at + 6) != 0;
    if (defined) {
      out.offered.emplace(view);
    } else if (binding != kWeak) {
      out.wanted.emplace(view);
    }
  }
  return out;
}

}  // namespace envforge::validator::elf
