#include "gpu/nccl_log.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace envforge::validator::gpu {
namespace {

// Written after the format strings of each release's sources.
TEST(NcclLog, Of228TellsTransportAlgorithmProtocolAndChannels) {
  const NcclUse use = read_nccl_log(
      "node:12:34 [0] NCCL INFO NCCL version 2.28.9+cuda13.0\n"
      "[2026-11-21 14:00:00] node:12:34 [1] NCCL INFO Channel 00/0 : 1[1] -> 0[0] via P2P/CUMEM\n"
      "node:12:34 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/CUMEM\n"
      "node:12:34 [0] NCCL INFO Channel 01/0 : 0[0] -> 1[1] via P2P/direct pointer/read\n"
      "node:12:34 [0] NCCL INFO Connected all rings, use ring PXN 0 GDR 1\n"
      "node:12:34 [0] NCCL INFO 24 coll channels, 24 collnet channels, 0 nvls channels, 32 p2p channels, 32 p2p "
      "channels per peer\n"
      "node:12:34 [0] NCCL INFO AllReduce: 536870912 Bytes -> Algo RING proto SIMPLE channel{Lo..Hi}={0..23}\n"
      "node:12:34 [0] NCCL INFO AllGather: 1024 Bytes -> Algo RING proto LL channel{Lo..Hi}={0..0}\n");
  EXPECT_EQ(use.transport(), "P2P/CUMEM (2), P2P/direct pointer/read (1)");
  EXPECT_TRUE(use.between_gpus());
  EXPECT_FALSE(use.through_host());
  EXPECT_EQ(use.channels, 24);
  EXPECT_EQ(use.nvls_channels, 0);
  EXPECT_EQ(use.chosen_for("AllReduce", "2.28.9"), "RING, SIMPLE, channels 0..23");
  EXPECT_EQ(use.chosen_for("AllGather", "2.28.9"), "RING, LL, channels 0..0");
  EXPECT_EQ(use.chosen_for("Broadcast", "2.28.9"), "not told by NCCL 2.28.9");
  ASSERT_EQ(use.choices.size(), 2U);
  EXPECT_EQ(use.choices[0].bytes, 536870912);
}

TEST(NcclLog, Of221HasNumbersInsteadOfNames) {
  const NcclUse use = read_nccl_log(
      "node:7:9 [0] NCCL INFO Channel 00 : 0[0] -> 1[1] via SHM/direct/direct\n"
      "node:7:9 [0] NCCL INFO 2 coll channels, 2 collnet channels, 0 nvls channels, 2 p2p channels, 2 p2p channels per "
      "peer\n"
      "node:7:9 [0] NCCL INFO 1048576 Bytes -> Algo 1 proto 2 time 79.209999\n");
  EXPECT_EQ(use.transport(), "SHM/direct/direct (1)");
  EXPECT_TRUE(use.through_host());
  EXPECT_FALSE(use.between_gpus());
  EXPECT_EQ(use.chosen_for("AllReduce", "2.21.5"), "RING, SIMPLE");
  EXPECT_EQ(use.choices.at(0).operation, "");
}

TEST(NcclLog, Of223NamesTheOperation) {
  const NcclUse use = read_nccl_log("n:1:2 [0] NCCL INFO ReduceScatter: 4096 Bytes -> Algo 6 proto 0 time 12.000000\n");
  EXPECT_EQ(use.chosen_for("ReduceScatter", "2.23.4"), "PAT, LL");
  EXPECT_EQ(use.chosen_for("AllReduce", "2.23.4"), "not told by NCCL 2.23.4");
}

TEST(NcclLog, OfANetworkIsCountedOnceForEachDirection) {
  const NcclUse use = read_nccl_log(
      "a:1:2 [0] NCCL INFO Channel 00/0 : 1[1] -> 0[0] [receive] via NET/IB/0/GDRDMA\n"
      "a:1:2 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] [send] via NET/IB/0/GDRDMA\n"
      "a:1:2 [0] NCCL INFO Channel 01/0 : 0[0] -> 1[1] [send] via NET/Socket/0\n");
  EXPECT_EQ(use.transport(), "NET/IB/0/GDRDMA (1), NET/Socket/0 (1)");
  EXPECT_TRUE(use.through_host());
}

TEST(NcclLog, TakesGarbageAndTellsThatItKnowsNothing) {
  for (const char* text :
       {"", "\n\n", " via ", "Channel via", " Bytes -> Algo ", "Bytes -> Algo proto", ": Bytes -> Algo 9 proto 7",
        "x: 12 Bytes -> Algo RING proto LL channel{Lo..Hi}={", " coll channels nvls channels"}) {
    const NcclUse use = read_nccl_log(text);
    EXPECT_EQ(use.transport(), "not told by NCCL") << text;
    EXPECT_FALSE(use.between_gpus());
  }
}

// NCCL opens the file by its name, as anyone can.
TEST(NcclLog, IsReadBackFromMemory) {
  const NcclLog log;
  std::ofstream(std::getenv("NCCL_DEBUG_FILE")) << "n:1:2 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/IPC\n";
  EXPECT_EQ(log.use().transport(), "P2P/IPC (1)");
  EXPECT_STREQ(std::getenv("NCCL_DEBUG"), "INFO");
}

}  // namespace
}  // namespace envforge::validator::gpu
