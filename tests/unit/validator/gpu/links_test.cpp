#include "gpu/links.hpp"

#include <gtest/gtest.h>

#include "gpu/thresholds.hpp"

namespace envforge::validator::gpu {
namespace {

TEST(PcieRate, IsThatOfTheLinkInOneDirection) {
  EXPECT_NEAR(pcie_rate(3, 16).value_or(0), 15.75, 0.01);
  EXPECT_NEAR(pcie_rate(4, 16).value_or(0), 31.5, 0.01);
  EXPECT_NEAR(pcie_rate(5, 16).value_or(0), 63.0, 0.02);
  EXPECT_NEAR(pcie_rate(1, 1).value_or(0), 0.25, 0.001);
  EXPECT_NEAR(pcie_rate(6, 16).value_or(0), 121, 0.1);
  EXPECT_EQ(pcie_rate(0, 16), std::nullopt);
  EXPECT_EQ(pcie_rate(7, 16), std::nullopt);
  EXPECT_EQ(pcie_rate(5, 0), std::nullopt);
}

TEST(NvlinkWireRate, TimesTheLinksIsWhatTheDataSheetsSay) {
  EXPECT_EQ(6 * nvlink_wire_rate("7.0").value_or(0), 150);
  EXPECT_EQ(12 * nvlink_wire_rate("8.0").value_or(0), 300);
  EXPECT_EQ(18 * nvlink_wire_rate("9.0").value_or(0), 450);
  EXPECT_EQ(18 * nvlink_wire_rate("10.0").value_or(0), 900);
  EXPECT_EQ(nvlink_wire_rate("8.9"), std::nullopt);
}

TEST(MemoryRate, IsClockTimesBusTwice) {
  EXPECT_NEAR(memory_rate(3201000, 6144), 4917, 1);  // H200, nominally 4.8 TB/s
  EXPECT_NEAR(memory_rate(1593000, 5120), 2039, 1);  // A100 80 GB SXM
}

TEST(Threshold, EveryThingThatIsTimedHasARowWithItsSource) {
  for (const char* what :
       {"gemm bf16", "gemm fp16", "gemm fp32", "gemm fp64", "gemm tf32", "gemm fp8 e4m3", "gemm i8",
        "copy on the device", "copy to the device", "copy from the device", "copy between devices", "convolution fp16",
        "data gradient fp16", "weight gradient fp16", "collective over NVLink"}) {
    EXPECT_GT(threshold_of(what).lowest, 0) << what;
    EXPECT_LT(threshold_of(what).lowest, 0.9) << what;
    EXPECT_STRNE(threshold_of(what).source, "");
  }
  EXPECT_THROW(threshold_of("gemm fp4"), std::out_of_range);
}

}  // namespace
}  // namespace envforge::validator::gpu
