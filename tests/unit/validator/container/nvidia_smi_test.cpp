#include "container/nvidia_smi.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envforge::validator::container {
namespace {

using process::Outcome;
using protocol::Layer;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kTwoGpus =
    "580.159.04, GPU-00000000-0000-0000-0000-000000000000\n"
    "580.159.04, GPU-00000000-0000-0000-0000-000000000001\n";

SmiFailure exited(int code, const std::string& out) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kExited;
  outcome.exit_code = code;
  outcome.out = out;
  return explain_smi(outcome);
}

TEST(NvidiaSmi, IsReadWithoutTheWarningsAroundItsLines) {
  const auto answer = parse_smi(std::string(kTwoGpus) + "WARNING: infoROM is corrupted at gpu 0000:3B:00.0\n");
  EXPECT_EQ(answer.gpus, 2U);
  EXPECT_EQ(answer.drivers, std::set<std::string>{"580.159.04"});
}

TEST(NvidiaSmi, CountsAGpuThatHasNoUuid) {
  EXPECT_EQ(parse_smi("540.4.0, [N/A]\n").gpus, 1U) << "it is a GPU all the same";
}

TEST(NvidiaSmi, ThatAgreesIsNoFinding) {
  EXPECT_THAT(judge_agreement(parse_smi(kTwoGpus), {{"580.159.04"}, 2}), IsEmpty());
}

TEST(NvidiaSmi, OfAnotherDriverOrOfAnotherNumberOfGpusNamesBoth) {
  const auto driver = judge_agreement(parse_smi(kTwoGpus), {{"535.183.01"}, 2});
  ASSERT_THAT(driver, SizeIs(1));
  EXPECT_EQ(driver[0].what, "nvidia-smi says driver 580.159.04, NVML 535.183.01");
  const auto count = judge_agreement(parse_smi(kTwoGpus), {{"580.159.04"}, 1});
  ASSERT_THAT(count, SizeIs(1));
  EXPECT_EQ(count[0].what, "nvidia-smi lists 2 GPUs, NVML 1");
}

TEST(NvidiaSmi, ThatNamesNoGpuIsAFinding) {
  EXPECT_THAT(judge_agreement(parse_smi("hello\n"), {{"580.159.04"}, 1}), SizeIs(1));
}

TEST(NvidiaSmi, FailsByWhatItsWordsMean) {
  const auto mismatch = exited(18, "Failed to initialize NVML: Driver/library version mismatch\n");
  EXPECT_EQ(mismatch.layer, Layer::kHostDriver);
  EXPECT_EQ(mismatch.mend, "reboot the host after its driver was updated");
  EXPECT_EQ(exited(255, "NVRM: API mismatch: the client has the version 535").mend, mismatch.mend);
  EXPECT_EQ(exited(15, "Unable to determine the device handle for GPU0: GPU is lost.").layer, Layer::kHardware);
  EXPECT_THAT(exited(9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.").mend,
              HasSubstr("modprobe nvidia"));
  EXPECT_EQ(exited(12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.").layer,
            Layer::kContainerFlags);
}

TEST(NvidiaSmi, FailsWithItsExitCodeWhereItsWordsAreNotKnown) {
  EXPECT_EQ(exited(3, "").what, "it exited with 3");
}

TEST(NvidiaSmi, ThatDoesNotEndIsTheDriversFault) {
  Outcome outcome;
  outcome.kind = Outcome::Kind::kDeadline;
  EXPECT_EQ(explain_smi(outcome).layer, Layer::kHostDriver);
}

TEST(NvidiaSmi, ThatDoesNotStartIsTheImages) {
  Outcome outcome;
  outcome.err = "no such file";
  EXPECT_EQ(explain_smi(outcome).layer, Layer::kImage);
}

}  // namespace
}  // namespace envforge::validator::container
