#include "gpu/collective.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "numbers/problem.hpp"

namespace envforge::validator::gpu {
namespace {

using numbers::Type;

constexpr std::uint64_t kSeed = 5, kStream = 31;
constexpr Collective kAll[] = {Collective::kAllReduce, Collective::kAllGather, Collective::kReduceScatter,
                               Collective::kBroadcast, Collective::kReduce,    Collective::kSendRecv,
                               Collective::kAllToAll};

double input(int rank, std::uint64_t index, Type type, int amplitude) {
  return numbers::element_value(numbers::stream_base(kSeed, kStream + static_cast<std::uint64_t>(rank)), index,
                                amplitude, type);
}

// What MPI's definition says that rank `r` of n gets at `i`, for `count` elements.
double by_definition(Collective collective, int n, int r, int root, std::uint64_t count, std::uint64_t i, Type type,
                     int amplitude) {
  const auto from = [&](int rank, std::uint64_t index) { return input(rank, index, type, amplitude); };
  double sum = 0;
  switch (collective) {
    case Collective::kAllReduce:
    case Collective::kReduce:
      for (int rank = 0; rank < n; ++rank) sum += from(rank, i);
      return sum;
    case Collective::kReduceScatter:
      for (int rank = 0; rank < n; ++rank) sum += from(rank, static_cast<std::uint64_t>(r) * count + i);
      return sum;
    case Collective::kAllGather:
      return from(static_cast<int>(i / count), i % count);
    case Collective::kBroadcast:
      return from(root, i);
    case Collective::kSendRecv:
      return from((r + n - 1) % n, i);
    case Collective::kAllToAll:
      return from(static_cast<int>(i / count), static_cast<std::uint64_t>(r) * count + i % count);
  }
  return 0;
}

TEST(Collective, GivesEachRankWhatTheDefinitionSays) {
  constexpr std::uint64_t kCount = 7;
  for (const Collective collective : kAll) {
    for (const int n : {1, 2, 3, 8}) {
      for (int rank = 0; rank < n; ++rank) {
        const int root = n - 1;
        const Share share = share_of(collective, rank, n, root, kCount);
        const int amplitude = amplitude_of(collective, Type::kI32, n);
        const protocol::Problem problem = problem_of(share, kStream, Type::kI32, amplitude);
        EXPECT_EQ(share.out_count == 0, collective == Collective::kReduce && rank != root);
        for (std::uint64_t i = 0; i < share.out_count; ++i) {
          const numbers::Truth truth = numbers::truth_of(problem, kSeed, i);
          ASSERT_EQ(truth.value, by_definition(collective, n, rank, root, kCount, i, Type::kI32, amplitude))
              << to_string(collective) << " rank " << rank << " of " << n << " element " << i;
          ASSERT_EQ(truth.bound, 0);
        }
      }
    }
  }
}

TEST(Collective, InPlaceLiesWhereNcclWantsIt) {
  const Share gather = share_of(Collective::kAllGather, 2, 4, 0, 10);
  EXPECT_EQ(gather.in_offset, 20U);
  EXPECT_EQ(gather.out_offset, 0U);
  EXPECT_EQ(gather.out_count, 40U);
  const Share scatter = share_of(Collective::kReduceScatter, 2, 4, 0, 10);
  EXPECT_EQ(scatter.in_count, 40U);
  EXPECT_EQ(scatter.in_offset, 0U);
  EXPECT_EQ(scatter.out_offset, 20U);
}

// Every partial sum in any order lies between minus and plus the sum of all magnitudes: it must be an integer that the
// type has, and so must its neighbour towards zero, which the control plants.
TEST(Collective, SumsOfAllRanksAreExactInEveryType) {
  for (const Type type : {Type::kFp64, Type::kFp32, Type::kFp16, Type::kBf16, Type::kE4m3, Type::kE5m2, Type::kI8,
                          Type::kU8, Type::kI32, Type::kU32, Type::kI64, Type::kU64}) {
    for (const int ranks : {1, 2, 3, 4, 7, 8}) {
      const int amplitude = amplitude_of(Collective::kAllReduce, type, ranks);
      ASSERT_GE(amplitude, 1) << to_string(type);
      const long long most = 1LL * ranks * amplitude * (numbers::is_unsigned(type) ? 2 : 1);
      for (const long long value : {most, most - 1, most / 2, -most, 1 - most}) {
        if (value < 0 && numbers::is_unsigned(type)) continue;
        ASSERT_EQ(numbers::decode(numbers::encode({value, 0}, type), type), static_cast<double>(value))
            << to_string(type) << ", " << ranks << " ranks";
      }
      for (std::uint64_t i = 0; i < 1000; ++i) {
        ASSERT_LE(std::fabs(input(0, i, type, amplitude)), static_cast<double>(most)) << to_string(type);
      }
    }
  }
  EXPECT_EQ(amplitude_of(Collective::kAllReduce, Type::kE5m2, 16), 0) << "16 ranks cannot be summed exactly in e5m2";
}

// The factors of nccl-tests, doc/PERFORMANCE.md.
TEST(Collective, BusBandwidthHasTheFactorsOfNcclTests) {
  EXPECT_DOUBLE_EQ(bus_factor(Collective::kAllReduce, 2), 1);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::kAllReduce, 8), 1.75);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::kAllGather, 4), 0.75);
  EXPECT_DOUBLE_EQ(bus_factor(Collective::kSendRecv, 4), 1);
  EXPECT_DOUBLE_EQ(bytes_of(Collective::kAllReduce, 4, 100, Type::kFp32), 400);
  EXPECT_DOUBLE_EQ(bytes_of(Collective::kAllToAll, 4, 100, Type::kFp32), 1600);
}

// 18 links of an H200 and 12 of an A100 carry what was measured there at large sizes (365 to 370, 235 GB/s).
TEST(Collective, LinkRatesReproduceWhatRingsReach) {
  EXPECT_NEAR(18 * nccl_nvlink_rate("9.0").value_or(0), 371, 1);
  EXPECT_NEAR(12 * nccl_nvlink_rate("8.0").value_or(0), 240, 1);
  EXPECT_EQ(nccl_nvlink_rate("12.0"), std::nullopt);
}

}  // namespace
}  // namespace envforge::validator::gpu
