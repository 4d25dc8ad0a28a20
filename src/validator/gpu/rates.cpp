#include "gpu/rates.hpp"

#include <algorithm>
#include <array>

namespace envforge::validator::gpu {
namespace {

using numbers::Type;

struct Row {
  int capability;
  int half;    // fp16 and bf16 with sums in fp32
  int single;  // fp32 without tensor cores
  int wide;    // fp64, with its tensor cores where there are any
};
// Dense rates per multiprocessor and clock, from NVIDIA's architecture papers; they reproduce the nominal peaks of
// V100, T4, A100, A10, L4, L40S, H100 and B200 with each board's clock. Checked 2026-11-21.
constexpr std::array<Row, 8> kRows{{{70, 512, 64, 32},
                                    {75, 512, 64, 2},
                                    {80, 1024, 64, 64},
                                    {86, 512, 128, 2},
                                    {89, 512, 128, 2},
                                    {90, 2048, 128, 128},
                                    {100, 4096, 128, 64},
                                    {120, 512, 128, 2}}};

}  // namespace

std::optional<int> multiply_adds_per_clock(int capability, Type input, bool geforce) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.capability == capability; });
  if (row == kRows.end()) return std::nullopt;
  if (input == Type::kFp64) return row->wide;
  if (input == Type::kFp32) return row->single;
  if (input == Type::kBf16 && capability < 80) return std::nullopt;
  // Boards for games sum in fp32 at half the rate; those of 7.5 may have no tensor cores at all.
  if (geforce && capability == 75) return std::nullopt;
  return geforce ? row->half / 2 : row->half;
}

}  // namespace envforge::validator::gpu
