#include "elf/elf_file.hpp"

#include <algorithm>

namespace envforge::validator::elf {
namespace {

// ELF-64 object file format: sizes and places of the fields that are read here.
constexpr std::uint64_t kHeaderSize = 64;
constexpr std::uint64_t kProgramHeaderSize = 56;
constexpr std::uint64_t kSectionHeaderSize = 64;
constexpr std::uint64_t kDynamicEntrySize = 16;
constexpr std::uint32_t kSegmentLoad = 1;
constexpr std::uint32_t kSegmentDynamic = 2;
constexpr std::uint32_t kSegmentInterpreter = 3;
constexpr std::uint32_t kSectionWithoutBytes = 8;  // SHT_NOBITS
constexpr std::uint16_t kIndexElsewhere = 0xffff;  // SHN_XINDEX: the number stands in section 0
// A table of a hostile file may claim billions of rows; libtorch_cuda.so has 40 sections and 11 segments.
constexpr std::uint64_t kMostRows = 65536;

struct Segment {
  std::uint32_t type;
  std::uint64_t offset, address, bytes_in_file;
};

struct Dynamic {
  std::vector<std::uint64_t> needed;
  std::optional<std::uint64_t> soname, rpath, runpath, strings, strings_size;
};

std::optional<std::vector<Segment>> read_segments(const Bytes& file) {
  const auto offset = file.read<std::uint64_t>(32);
  const auto row = file.read<std::uint16_t>(54);
  const auto rows = file.read<std::uint16_t>(56);
  if (!offset || !row || !rows) return std::nullopt;
  std::vector<Segment> segments;
  for (std::uint64_t i = 0; i < *rows; ++i) {
    if (*row < kProgramHeaderSize || *offset > file.size()) return std::nullopt;
    const auto header = file.slice(*offset + i * *row, kProgramHeaderSize);
    if (!header) return std::nullopt;
    segments.push_back({*header->read<std::uint32_t>(0), *header->read<std::uint64_t>(8),
                        *header->read<std::uint64_t>(16), *header->read<std::uint64_t>(32)});
  }
  return segments;
}

/// Where the byte that is loaded at `address` stands in the file.
std::optional<std::uint64_t> offset_of(const std::vector<Segment>& segments, std::uint64_t address) {
  for (const Segment& segment : segments) {
    if (segment.type != kSegmentLoad || address < segment.address) continue;
    const std::uint64_t distance = address - segment.address;
    if (distance < segment.bytes_in_file && segment.offset <= UINT64_MAX - distance) return segment.offset + distance;
  }
  return std::nullopt;
}

Dynamic read_dynamic(const Bytes& segment) {
  Dynamic dynamic;
  for (std::uint64_t at = 0; segment.contains(at, kDynamicEntrySize); at += kDynamicEntrySize) {
    const std::uint64_t tag = *segment.read<std::uint64_t>(at);
    const std::uint64_t value = *segment.read<std::uint64_t>(at + 8);
    if (tag == 0) break;
    if (tag == 1 && dynamic.needed.size() < kMostRows) dynamic.needed.push_back(value);
    if (tag == 5) dynamic.strings = value;
    if (tag == 10) dynamic.strings_size = value;
    if (tag == 14) dynamic.soname = value;
    if (tag == 15) dynamic.rpath = value;
    if (tag == 29) dynamic.runpath = value;
  }
  return dynamic;
}

/// nullopt = done; otherwise why the names cannot be read.
std::optional<std::string> read_names(const Bytes& file, const std::vector<Segment>& segments, ElfFile& out) {
  const auto found = std::find_if(segments.begin(), segments.end(),
                                  [](const Segment& segment) { return segment.type == kSegmentDynamic; });
  if (found == segments.end()) return std::nullopt;  // a static program
  const auto bytes = file.slice(found->offset, found->bytes_in_file);
  if (!bytes) return "the dynamic segment lies beyond the end of the file";
  const Dynamic dynamic = read_dynamic(*bytes);
  if (!dynamic.strings || !dynamic.strings_size) return "the dynamic segment names no string table";
  const auto at = offset_of(segments, *dynamic.strings);
  const auto strings = at ? file.slice(*at, *dynamic.strings_size) : std::nullopt;
  if (!strings) return "the string table lies beyond the end of the file";

  bool complete = true;
  const auto name = [&](std::optional<std::uint64_t> offset) -> std::optional<std::string> {
    if (!offset) return std::nullopt;
    auto text = strings->text(*offset, 65536);
    complete = complete && text.has_value();
    return text;
  };
  for (const std::uint64_t offset : dynamic.needed) {
    if (auto text = name(offset)) out.needed.push_back(std::move(*text));
  }
  out.soname = name(dynamic.soname).value_or("");
  out.rpath = name(dynamic.rpath);
  out.runpath = name(dynamic.runpath);
  if (!complete) return "a name of the dynamic segment lies beyond its string table";
  return std::nullopt;
}

std::string read_interpreter(const Bytes& file, const std::vector<Segment>& segments) {
  for (const Segment& segment : segments) {
    if (segment.type != kSegmentInterpreter) continue;
    const auto bytes = file.slice(segment.offset, segment.bytes_in_file);
    return bytes ? bytes->text(0, 4096).value_or("") : "";
  }
  return "";
}

std::vector<Section> read_sections(const Bytes& file) {
  const auto offset = file.read<std::uint64_t>(40);
  const auto row = file.read<std::uint16_t>(58);
  const auto rows = file.read<std::uint16_t>(60);
  const auto names = file.read<std::uint16_t>(62);
  if (!offset || !row || !rows || !names || *offset == 0 || *row < kSectionHeaderSize) return {};
  const auto first = file.slice(*offset, kSectionHeaderSize);
  if (!first) return {};
  const std::uint64_t count = *rows == 0 ? *first->read<std::uint64_t>(32) : *rows;
  const std::uint64_t names_at = *names == kIndexElsewhere ? *first->read<std::uint32_t>(40) : *names;
  if (count > kMostRows || names_at >= count) return {};

  const auto header = [&](std::uint64_t index) { return file.slice(*offset + index * *row, kSectionHeaderSize); };
  const auto name_header = header(names_at);
  if (!name_header) return {};
  const auto name_table = file.slice(*name_header->read<std::uint64_t>(24), *name_header->read<std::uint64_t>(32));
  if (!name_table) return {};

  std::vector<Section> sections;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto one = header(i);
    if (!one) return {};
    const auto name = name_table->text(*one->read<std::uint32_t>(0));
    if (!name) return {};
    if (*one->read<std::uint32_t>(4) == kSectionWithoutBytes) {
      sections.push_back({*name, Bytes()});
      continue;
    }
    const auto bytes = file.slice(*one->read<std::uint64_t>(24), *one->read<std::uint64_t>(32));
    if (!bytes) return {};
    sections.push_back({*name, *bytes});
  }
  return sections;
}

}  // namespace

const Section* ElfFile::section(const std::string& name) const {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const Section& section) { return section.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

std::variant<ElfFile, NotElf> read_elf(const Bytes& file) {
  if (file.read<std::uint32_t>(0) != 0x464c457fU) return NotElf{"no ELF magic at its start"};
  if (!file.contains(0, kHeaderSize)) return NotElf{"shorter than an ELF header"};
  if (file.read<std::uint8_t>(4) != 2 || file.read<std::uint8_t>(5) != 1) return NotElf{"not 64-bit little-endian"};
  ElfFile out;
  out.machine = *file.read<std::uint16_t>(18);
  const auto segments = read_segments(file);
  if (!segments) return NotElf{"the program headers lie beyond the end of the file"};
  out.interpreter = read_interpreter(file, *segments);
  if (auto reason = read_names(file, *segments, out)) return NotElf{std::move(*reason)};
  out.sections = read_sections(file);
  return out;
}

}  // namespace envforge::validator::elf
