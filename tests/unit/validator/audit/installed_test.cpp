#include "audit/installed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_image.hpp"

namespace envforge::validator::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Installed : public testing::Test {
 protected:
  Installed() { tests::with_torch_26(image_); }
  VersionFindings compare(const std::map<std::string, std::string>& expected) {
    const loader::Root root(image_.root());
    return compare_versions(std::get<Inventory>(take_inventory(root, {}, "")), expected);
  }
  tests::FakeImage image_;
};

TEST_F(Installed, AgreesWithTheLockAndWithTorchsOwnPins) {
  const auto found = compare({{"torch", "2.6.0+cu124"}, {"cuda", "12.4"}, {"nvidia-cudnn-cu12", "9.1.0.70"}});
  EXPECT_THAT(found.differences, IsEmpty());
  EXPECT_EQ(found.from_expected, 3U);
  EXPECT_EQ(found.from_pins, 7U);
}

TEST_F(Installed, TorchMayBeExpectedWithoutItsLocalPart) {
  EXPECT_THAT(compare({{"torch", "2.6.0"}}).differences, IsEmpty());
  EXPECT_THAT(compare({{"torch", "2.6.0+cu118"}}).differences,
              ElementsAre("torch is 2.6.0+cu124, expected 2.6.0+cu118"));
}

TEST_F(Installed, NamesWhatIsMissingAndWhatDiffers) {
  EXPECT_THAT(compare({{"cuda", "12.6"}, {"nvidia-nvtx-cu12", "12.4.127"}}).differences,
              ElementsAre("cuda is 12.4, expected 12.6", "nvidia-nvtx-cu12 is not installed, expected 12.4.127"));
}

TEST_F(Installed, FindsAWheelThatTorchDoesNotPin) {
  image_.remove(std::string(tests::kFakeSite) + "/nvidia_nccl_cu12-2.21.5.dist-info");
  image_.wheel(tests::kFakeSite, "nvidia-nccl-cu12", "2.18.1", {});
  EXPECT_THAT(compare({}).differences, ElementsAre("nvidia-nccl-cu12 is 2.18.1, torch 2.6.0 pins 2.21.5"));
}

TEST_F(Installed, TakesThePinsOfTheExtrasThatTorchAsksCudaToolkitFor) {
  image_.remove(std::string(tests::kFakeSite) + "/torch-2.6.0.dist-info");
  image_.wheel(tests::kFakeSite, "torch", "2.6.0", {}, {"cuda-toolkit[cufft,cusolver]==13.2.2"});
  image_.wheel(
      tests::kFakeSite, "cuda-toolkit", "13.2.2", {},
      {"nvidia-cufft==12.2.0.57.*; extra == 'cufft'", "nvidia-cusolver==12.2.0.11.*; (a or b) and extra == 'cusolver'",
       "nvidia-cuda-cccl==13.2.86.*; extra == 'all'", "nvidia-not-installed==1.0; extra == 'cufft'"});
  image_.wheel(tests::kFakeSite, "nvidia-cufft", "12.2.0.57", {});
  image_.wheel(tests::kFakeSite, "nvidia-cusolver", "12.2.0.110", {});
  image_.wheel(tests::kFakeSite, "nvidia-cuda-cccl", "13.3.5", {});
  EXPECT_THAT(compare({}).differences,
              ElementsAre("nvidia-cusolver is 12.2.0.110, cuda-toolkit 13.2.2 pins 12.2.0.11.*"));
}

TEST_F(Installed, FindsAVersionFileThatContradictsTheMetadata) {
  image_.file(std::string(tests::kFakeSite) + "/torch/version.py", "__version__ = '2.7.0+cu126'\ncuda = '12.6'\n");
  EXPECT_THAT(compare({}).differences, ElementsAre(HasSubstr("says 2.7.0+cu126, torch's metadata 2.6.0")));
}

}  // namespace
}  // namespace envforge::validator::audit
