// The GPU code of a library, from the headers of its fat binaries (section .nv_fatbin): no decompression, no NVIDIA
// tool, a few pages for each gigabyte. __nv_relfatbin is left out, for the driver never sees the PTX in it.
// Layout as measured on real wheels (docs/library-audit.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "elf/bytes.hpp"
#include "elf/elf_file.hpp"
#include "elf/gpu_target.hpp"

namespace envforge::validator::elf {

struct CodeEntry {
  enum class Kind { kPtx, kSass };
  Kind kind = Kind::kSass;
  GpuTarget target;
  std::uint64_t bytes = 0;
};

/// One fat binary: the same functions for several targets; the driver takes the best entry.
using FatBinary = std::vector<CodeEntry>;

struct DeviceCode {
  std::vector<FatBinary> binaries;
  std::uint64_t payload_bytes = 0;
  /// Fat binaries that were cut short or contradict themselves; what could be read of them is in `binaries`.
  std::size_t malformed = 0;

  /// Entries by target.
  std::map<GpuTarget, std::size_t> sass() const;
  std::map<GpuTarget, std::size_t> ptx() const;
};

/// Walks the bytes of one .nv_fatbin section.
DeviceCode read_fat_binaries(const Bytes& section);
/// All sections .nv_fatbin of a library; no section gives an empty DeviceCode.
DeviceCode read_device_code(const ElfFile& file);

}  // namespace envforge::validator::elf
