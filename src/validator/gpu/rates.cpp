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
// V100, T4, A100, A10, L4, L40S, H100 and B200 with each board's clock. tf32 is half of fp16; fp8 and int8 are twice.
// Checked 2026-11-21.
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
  // Boards for games sum in fp32 at half the rate; those of 7.5 may have no tensor cores at all.
  const int half = geforce ? row->half / 2 : row->half;
  const bool tensor_cores_known = !(geforce && capability == 75);
  switch (input) {
    case Type::kFp64:
      return row->wide;
    case Type::kFp32:
      return row->single;
    case Type::kFp16:
      return tensor_cores_known ? std::optional<int>(half) : std::nullopt;
    case Type::kBf16:
      return capability >= 80 ? std::optional<int>(half) : std::nullopt;
    case Type::kTf32:
      return capability >= 80 ? std::optional<int>(half / 2) : std::nullopt;
    case Type::kE4m3:
      return capability >= 89 ? std::optional<int>(half * 2) : std::nullopt;
    case Type::kI8:  // sums in int32, so a board for games is not halved
      return capability >= 75 && tensor_cores_known ? std::optional<int>(row->half * 2) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace envforge::validator::gpu
