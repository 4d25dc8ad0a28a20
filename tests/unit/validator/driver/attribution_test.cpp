#include "driver/attribution.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::driver {
namespace {

using protocol::CheckResult;
using protocol::Layer;
using protocol::Report;
using protocol::Verdict;

Report machine(const std::vector<std::string>& kinds) {
  Report report;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    protocol::GpuInfo gpu;
    gpu.uuid = "GPU-" + std::to_string(i);
    gpu.name = kinds[i];
    report.machine.gpus.push_back(gpu);
  }
  return report;
}

// A comparison of numbers, as harness::judge() leaves it.
void add(Report& report, const std::string& group, const std::string& check, const std::string& gpu, bool right,
         Layer layer = Layer::kImage) {
  CheckResult result;
  result.id = group + "." + check;
  result.gpu = gpu;
  result.verdict = right ? Verdict::kPass : Verdict::kFail;
  if (!right) result.layer = layer;
  result.control = protocol::NegativeControl{"one element", 1, 1, true};
  report.groups.push_back({group, {result}, {}, 0});
}

const CheckResult& judged(Report& report, std::size_t group) {
  attribute_wrong_numbers(report);
  return report.groups.at(group).checks.at(0);
}

TEST(Attribution, OneGpuOfSeveralThatIsWrongIsHardwareAndIsNamed) {
  Report report = machine({"H200", "H200", "H200"});
  add(report, "cublas", "gemm-exact", "GPU-0", true);
  add(report, "cublas", "gemm-exact", "GPU-1", false);
  add(report, "cublas", "gemm-exact", "GPU-2", true);
  const auto& wrong = judged(report, 1);
  EXPECT_EQ(wrong.layer, Layer::kHardware);
  EXPECT_EQ(wrong.evidence, "GPU 1 alone computes wrongly; the same libraries are right on GPUs 0, 2 of the same kind");
  EXPECT_EQ(wrong.mend,
            "nvidia-smi -q -d ECC,ROW_REMAPPER -i GPU-1 and dcgmi diag -r 3 on the host; if it stays, replace the GPU");
  EXPECT_EQ(report.groups[0].checks[0].layer, Layer::kNone);
}

TEST(Attribution, WrongOnEveryGpuIsTheImage) {
  Report report = machine({"H200", "H200"});
  add(report, "cudnn", "conv-exact", "GPU-0", false);
  add(report, "cudnn", "conv-exact", "GPU-1", false);
  const auto& wrong = judged(report, 1);
  EXPECT_EQ(wrong.layer, Layer::kImage);
  EXPECT_EQ(wrong.evidence, "wrong on each GPU of its kind: GPUs 0, 1");
  EXPECT_EQ(wrong.mend.rfind("build the image again from its lock", 0), 0U) << wrong.mend;
}

TEST(Attribution, AGpuOfAnotherKindProvesNothing) {
  Report report = machine({"H200", "L4"});
  add(report, "cublas", "gemm-exact", "GPU-0", false);
  add(report, "cublas", "gemm-exact", "GPU-1", true);
  const auto& wrong = judged(report, 0);
  EXPECT_EQ(wrong.layer, Layer::kImage);
  EXPECT_EQ(wrong.evidence.rfind("one GPU of its kind ran this", 0), 0U) << wrong.evidence;
}

TEST(Attribution, AWrongCollectivePointsToTheLinksWhereCopiesAreWrongToo) {
  Report report = machine({"H200", "H200"});
  add(report, "peer", "copy", "", false, Layer::kHardware);
  add(report, "nccl", "all-reduce", "", false);
  const auto& wrong = judged(report, 1);
  EXPECT_EQ(wrong.layer, Layer::kHardware);
  EXPECT_EQ(wrong.evidence, "copies between the GPUs are wrong too (peer.copy)");
  EXPECT_EQ(wrong.mend.rfind("nvidia-smi nvlink -e", 0), 0U) << wrong.mend;
  EXPECT_EQ(report.groups[0].checks[0].mend, wrong.mend);
}

TEST(Attribution, AWrongCollectiveOverLinksThatCopyRightlyIsNccl) {
  Report report = machine({"H200", "H200"});
  add(report, "peer", "copy", "", true);
  add(report, "nccl", "all-reduce", "", false);
  const auto& wrong = judged(report, 1);
  EXPECT_EQ(wrong.layer, Layer::kImage);
  EXPECT_EQ(wrong.evidence, "copies between the same GPUs are right (peer.copy), so it is NCCL that is wrong");
}

TEST(Attribution, AWrongCollectivePointsToTheGpuWhoseMemoryIsWrong) {
  Report report = machine({"H200", "H200"});
  add(report, "cuda", "memory", "GPU-0", true);
  add(report, "cuda", "memory", "GPU-1", false, Layer::kHardware);
  add(report, "peer", "copy", "", false, Layer::kHardware);
  add(report, "nccl", "all-reduce", "", false);
  const auto& wrong = judged(report, 3);
  EXPECT_EQ(wrong.layer, Layer::kHardware);
  EXPECT_EQ(wrong.evidence, "the memory of GPU 1 is wrong by itself (cuda.memory)");
}

TEST(Attribution, AMendThatTheCheckNamesItselfStays) {
  Report report = machine({"H200", "H200"});
  add(report, "cublas", "libraries", "GPU-0", false);
  add(report, "cublas", "libraries", "GPU-1", true);
  report.groups[0].checks[0].mend = "remove the second copy";
  const auto& wrong = judged(report, 0);
  EXPECT_EQ(wrong.layer, Layer::kImage);
  EXPECT_EQ(wrong.mend, "remove the second copy");
}

}  // namespace
}  // namespace envforge::validator::driver
