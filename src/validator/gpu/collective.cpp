#include "gpu/collective.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "numbers/problem.hpp"

namespace envforge::validator::gpu {

using numbers::Type;

std::string to_string(Collective collective) {
  switch (collective) {
    case Collective::kAllReduce:
      return "AllReduce";
    case Collective::kAllGather:
      return "AllGather";
    case Collective::kReduceScatter:
      return "ReduceScatter";
    case Collective::kBroadcast:
      return "Broadcast";
    case Collective::kReduce:
      return "Reduce";
    case Collective::kSendRecv:
      return "SendRecv";
    case Collective::kAllToAll:
      return "AllToAll";
  }
  return "?";
}

bool sums(Collective collective) {
  return collective == Collective::kAllReduce || collective == Collective::kReduceScatter ||
         collective == Collective::kReduce;
}

bool has_in_place(Collective collective) {
  return collective != Collective::kSendRecv && collective != Collective::kAllToAll;
}

Share share_of(Collective collective, int rank, int ranks, int root, std::uint64_t count) {
  const auto n = static_cast<std::uint64_t>(ranks), own = static_cast<std::uint64_t>(rank) * count;
  Share share;
  share.in_count = share.out_count = share.block = count;
  switch (collective) {
    case Collective::kAllReduce:
      share.terms = ranks;
      break;
    case Collective::kAllGather:
      share.out_count = n * count;
      share.in_offset = own;
      break;
    case Collective::kReduceScatter:
      share.in_count = n * count;
      share.out_offset = share.offset = own;
      share.terms = ranks;
      break;
    case Collective::kBroadcast:
      share.source = root;
      break;
    case Collective::kReduce:
      share.terms = ranks;
      if (rank != root) share.out_count = 0;
      break;
    case Collective::kSendRecv:
      share.source = (rank + ranks - 1) % ranks;
      break;
    case Collective::kAllToAll:
      share.in_count = share.out_count = n * count;
      share.offset = own;
      break;
  }
  return share;
}

int amplitude_of(Collective collective, Type type, int ranks) {
  const int parts = sums(collective) ? ranks : 1;
  switch (type) {
    case Type::kE5m2:
      return 8 / parts;
    case Type::kE4m3:
      return 16 / parts;
    case Type::kI8:
    case Type::kU8:  // up to twice that
      return 127 / parts;
    case Type::kBf16:
      return 256 / parts;
    case Type::kFp16:
      return 2048 / parts;
    case Type::kFp32:
      return (1 << 24) / parts;
    default:
      return (1 << 29) / parts;  // twice that is an int too
  }
}

protocol::Problem problem_of(const Share& share, std::uint64_t first_stream, Type type, int amplitude) {
  return {"collective",
          {{"terms", share.terms},
           {"block", static_cast<std::int64_t>(share.block)},
           {"offset", static_cast<std::int64_t>(share.offset)}},
          {first_stream + static_cast<std::uint64_t>(share.source), numbers::to_string(type), amplitude},
          {},
          numbers::to_string(type),
          share.out_count};
}

double bytes_of(Collective collective, int ranks, std::uint64_t count, Type type) {
  const bool whole = collective == Collective::kAllGather || collective == Collective::kReduceScatter ||
                     collective == Collective::kAllToAll;
  return static_cast<double>(count) * numbers::bytes_of(type) * (whole ? ranks : 1);
}

double bus_factor(Collective collective, int ranks) {
  const double others = static_cast<double>(ranks - 1) / ranks;
  switch (collective) {
    case Collective::kAllReduce:
      return 2 * others;
    case Collective::kAllGather:
    case Collective::kReduceScatter:
    case Collective::kAllToAll:
      return others;
    default:
      return 1;
  }
}

std::optional<double> nccl_nvlink_rate(const std::string& capability) {
  static constexpr std::array<std::pair<const char*, double>, 6> kRates{
      {{"6.0", 18}, {"7.0", 20}, {"8.0", 20}, {"8.6", 12}, {"9.0", 20.6}, {"10.0", 40.1}}};
  const auto found =
      std::find_if(kRates.begin(), kRates.end(), [&](const auto& row) { return capability == row.first; });
  return found == kRates.end() ? std::nullopt : std::optional<double>(found->second);
}

}  // namespace envforge::validator::gpu
