#include "gpu/xids.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::gpu {
namespace {

using protocol::Layer;

TEST(Xid, TellsAProgramsFaultFromTheHardwares) {
  ASSERT_NE(find_xid(31), nullptr);
  EXPECT_EQ(find_xid(31)->layer, Layer::kImage);
  EXPECT_EQ(find_xid(79)->layer, Layer::kHardware);
  EXPECT_EQ(find_xid(119)->layer, Layer::kHostDriver);
  EXPECT_EQ(find_xid(1), nullptr) << "unknown is an answer";
}

TEST(Xid, OfLinksPowerAndRecoveryIsTheHardwares) {
  for (const int number : {54, 121, 144, 145, 146, 147, 148, 149, 150, 154}) {
    ASSERT_NE(find_xid(number), nullptr) << number;
    EXPECT_EQ(find_xid(number)->layer, Layer::kHardware) << number;
  }
  ASSERT_NE(find_xid(38), nullptr);
  EXPECT_EQ(find_xid(38)->layer, Layer::kHostDriver);
  EXPECT_TRUE(find_xid(121)->corrected) << "no program is harmed";
  EXPECT_FALSE(find_xid(149)->corrected);
}

TEST(Xid, OfARecoveryActionThatIsNoneAnyMoreIsAllClear) {
  const auto logged = [](const std::string& text) {
    return *xid_of_line("NVRM: Xid (PCI:0000:19:00): 154, GPU recovery action changed from " + text);
  };
  EXPECT_FALSE(is_all_clear(logged("0x0 (None) to 0x1 (GPU Reset Required)")));
  EXPECT_TRUE(is_all_clear(logged("0x1 (GPU Reset Required) to 0x0 (None)")));
  EXPECT_FALSE(is_all_clear({"0000:19:00", 79, "to 0x0 (None)"}));
}

TEST(Xid, IsReadFromALineOfTheKernelsLog) {
  const auto found = xid_of_line("3,1234,99,-;NVRM: Xid (PCI:0000:19:00): 79, pid=1, GPU has fallen off the bus.");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->number, 79);
  EXPECT_EQ(found->pci, "0000:19:00");
  EXPECT_FALSE(xid_of_line("3,1,1,-;NVRM: loading NVIDIA UNIX module").has_value());
  EXPECT_FALSE(xid_of_line("NVRM: Xid (PCI:0000:19:00").has_value());
  EXPECT_FALSE(xid_of_line("NVRM: Xid (PCI:0000:19:00): none").has_value());
}

TEST(Xid, BelongsToTheGpuOfTheSameAddress) {
  EXPECT_TRUE(is_same_pci("0000:19:00", "0000:19:00.0"));
  EXPECT_TRUE(is_same_pci("0000:AB:00", "00000000:ab:00.0"));
  EXPECT_FALSE(is_same_pci("0000:19:00", "0000:1a:00.0"));
  EXPECT_FALSE(is_same_pci("0001:19:00", "0000:19:00.0"));
}

}  // namespace
}  // namespace envforge::validator::gpu
