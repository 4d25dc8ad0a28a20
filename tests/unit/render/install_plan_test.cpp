#include "install_plan.hpp"

#include <gtest/gtest.h>

#include "support/sample_lock.hpp"

namespace envforge::render {
namespace {

using testing::hex64;
using testing::small_lock;
using testing::wheel;

documents::LockedPlatform platform() {
  return small_lock().platforms.at(testing::kPlatform);
}

TEST(InstallPlan, PutsCudaLibrariesBeforeTorchAndBothBeforeTheRest) {
  const auto shared = shared_layers(platform());
  ASSERT_EQ(shared.size(), 2U);
  EXPECT_EQ(shared[0].name, "cuda");
  EXPECT_EQ(shared[1].name, "torch");
  const auto rest = recipe_layers(platform());
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].groups[0].requirements, "filelock==3.13.1 \\\n    --hash=sha256:" + hex64('1') + "\n");
}

TEST(InstallPlan, SortsByNameWhateverTheLocksOrder) {
  auto shuffled = platform();
  std::swap(shuffled.wheels[1], shuffled.wheels[4]);
  EXPECT_EQ(shared_layers(shuffled), shared_layers(platform()));
}

TEST(InstallPlan, GivesEachIndexItsOwnCallSoThatNoneShadowsAnother) {
  auto mixed = platform();
  mixed.wheels.push_back(wheel("torchvision", "0.21.0+cu118", true, '9', "https://download.pytorch.org/whl/cu118"));
  const auto torch = shared_layers(mixed)[1];
  ASSERT_EQ(torch.groups.size(), 2U);
  EXPECT_EQ(torch.groups[0].index, "https://download.pytorch.org/whl/cu118");
  EXPECT_EQ(torch.groups[0].requirements_path, "requirements/torch.txt");
  EXPECT_EQ(torch.groups[1].requirements_path, "requirements/torch-2.txt");
  EXPECT_TRUE(torch.from_folder.empty());
}

TEST(InstallPlan, NamesTheWheelsThatComeFromAFolder) {
  auto offline = platform();
  for (auto& each : offline.wheels) each.index = "folder";
  const auto torch = shared_layers(offline)[1];
  ASSERT_EQ(torch.from_folder.size(), 1U);
  EXPECT_EQ(torch.from_folder[0].name, "torch");
  EXPECT_EQ(torch.groups[0].index, "");
}

TEST(InstallPlan, LeavesOutALayerWithoutWheels) {
  auto small = platform();
  std::erase_if(small.wheels, [](const auto& each) { return !each.heavy; });
  EXPECT_TRUE(recipe_layers(small).empty());
}

}  // namespace
}  // namespace envforge::render
