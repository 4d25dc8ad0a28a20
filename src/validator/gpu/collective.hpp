// What a collective must give on each rank, what part of a buffer it reads and writes, and how fast the links between
// the GPUs let it be. Pure. Used by the checks of NCCL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <envforge/protocol/message.hpp>

#include "numbers/element.hpp"

namespace envforge::validator::gpu {

enum class Collective { kAllReduce, kAllGather, kReduceScatter, kBroadcast, kReduce, kSendRecv, kAllToAll };

/// As NCCL's log spells it: "AllReduce"; "SendRecv" and "AllToAll" are ours.
std::string to_string(Collective collective);
bool sums(Collective collective);
/// NCCL has no form in place of send and receive.
bool has_in_place(Collective collective);

/// One rank's part, in elements. `count` is what NCCL is given; rank r's input is stream first_stream + r from element
/// 0.
struct Share {
  std::uint64_t in_count = 0, out_count = 0;    // out_count 0: nothing to look at (a reduce on other ranks)
  std::uint64_t in_offset = 0, out_offset = 0;  // in place: where both lie in the one buffer
  // Output element i = sum over t < terms of element `offset + i % block` of stream `source + i / block + t`.
  int source = 0, terms = 1;
  std::uint64_t block = 1, offset = 0;
};
Share share_of(Collective collective, int rank, int ranks, int root, std::uint64_t count);

/// The largest integers whose sums over `ranks` are exact in `type` in any order; 0 = none are.
int amplitude_of(Collective collective, numbers::Type type, int ranks);

/// What the driver is told of a rank's output.
protocol::Problem problem_of(const Share& share, std::uint64_t first_stream, numbers::Type type, int amplitude);

/// Bytes that count as the size of the collective, and what its bytes per second are multiplied with so that the result
/// is the load of the busiest link in a ring: nccl-tests, doc/PERFORMANCE.md.
double bytes_of(Collective collective, int ranks, std::uint64_t count, numbers::Type type);
double bus_factor(Collective collective, int ranks);

/// GB/s of one NVLink in one direction that NCCL reckons with, by compute capability "9.0": src/graph/topo.h of NCCL
/// 2.28.9, read 2026-11-21.
std::optional<double> nccl_nvlink_rate(const std::string& capability);

}  // namespace envforge::validator::gpu
