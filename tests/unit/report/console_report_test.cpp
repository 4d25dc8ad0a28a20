#include <envforge/report/console_report.hpp>

#include <sstream>

#include <gtest/gtest.h>

#include <envforge/protocol/check_ids.hpp>

#include "support/golden.hpp"

namespace envforge::report {
namespace {

const std::filesystem::path kGoldens = std::filesystem::path(ENVFORGE_SOURCE_DIR) / "tests/golden";

using protocol::CheckResult;
using protocol::Layer;
using protocol::Report;
using protocol::Verdict;

CheckResult check(const std::string& id, Verdict verdict, const std::string& text) {
  CheckResult result;
  result.id = id;
  result.verdict = verdict;
  (verdict == Verdict::kPass ? result.summary : result.reason) = text;
  return result;
}

Report healthy() {
  Report report;
  report.image = "pytorch-cuda:v2.6";
  report.image_id = "sha256:" + std::string(64, 'a');
  report.lock_digest = "sha256:" + std::string(64, 'b');
  report.nonce = "00112233445566778899aabbccddeeff";
  report.seconds = 11.24;
  report.gpu_injection = "CDI (--device nvidia.com/gpu=...)";
  report.validator = {"0.1.0", "0123456789ab", {}};
  report.machine.driver = "580.159.04";
  report.machine.gpus = {{"GPU-1", "NVIDIA H200", "0000:01:00.0", "", "", "9.0", 1, false, {}}};
  auto gemm = check("cublas.gemm-exact", Verdict::kPass, "4096 x 4096 x 4096 bf16, every element equal");
  gemm.measurements = {{"throughput", 712.3, "TFLOP/s", 989.4, "132 SM x 2048 FMA x 2 x 1.83 GHz", {}}};
  gemm.control = protocol::NegativeControl{"one element of C changed by 1", 1, 1, true};
  report.groups = {
      {"cublas",
       {gemm},
       {{"libcublas.so.12", "/opt/venv/lib/libcublas.so.12", "12.4.5.8", "pip nvidia-cublas-cu12",
         "RPATH of libtorch_cuda.so"}},
       2.0},
      {"nccl",
       {check("nccl.all-reduce", Verdict::kSkipped, "one GPU: an all-reduce over several ranks needs at least two")},
       {},
       1.0}};
  return report;
}

TEST(ConsoleReport, HealthyReportSaysPassFirst) {
  testing::expect_golden(kGoldens / "report/healthy.txt", console_report(healthy(), {}));
}

TEST(ConsoleReport, DetailsShowMeasurementsControlsAndLibraries) {
  testing::expect_golden(kGoldens / "report/healthy-details.txt", console_report(healthy(), {false, true}));
}

TEST(ConsoleReport, AFailureNamesItsLayerAndTheLineThatMendsIt) {
  auto report = healthy();
  auto shm = check("container.shm", Verdict::kFail, "/dev/shm has 64 MiB; NCCL over 4 ranks needs about 1 GiB");
  shm.layer = Layer::kContainerFlags;
  shm.evidence = "statvfs of /dev/shm";
  shm.mend = "docker run --shm-size=1g ...";
  report.groups.push_back({"container", {shm}, {}, 0.1});
  testing::expect_golden(kGoldens / "report/failure.txt", console_report(report, {}));
}

TEST(ConsoleReport, WhatIsWellOnEveryGpuIsOneLineAndWhatIsNotNamesItsGpu) {
  auto report = healthy();
  report.machine.gpus.push_back({"GPU-2", "NVIDIA H200", "0000:02:00.0", "", "", "9.0", 1, false, {}});
  auto copy = check("cuda.copy", Verdict::kPass, "none wrong");
  auto memory = check("cuda.memory", Verdict::kPass, "none wrong");
  report.groups = {{"cuda", {}, {}, 1}};
  for (const char* gpu : {"GPU-1", "GPU-2"}) {
    copy.gpu = memory.gpu = gpu;
    report.groups[0].checks.push_back(copy);
    report.groups[0].checks.push_back(memory);
  }
  report.groups[0].checks[3].verdict = Verdict::kFail;
  report.groups[0].checks[3].reason = "word 5 is wrong";
  const std::string text = console_report(report, {});
  EXPECT_NE(text.find("cuda.copy                on 2 GPUs: none wrong"), std::string::npos) << text;
  EXPECT_NE(text.find("cuda.memory              GPU 1: word 5 is wrong"), std::string::npos) << text;
  EXPECT_NE(text.find("cuda.memory              GPU 0: none wrong"), std::string::npos) << text;
  report.groups[0].checks[1] = report.groups[0].checks[3];
  report.groups[0].checks[1].gpu = "GPU-1";
  EXPECT_NE(console_report(report, {}).find("cuda.memory              on 2 GPUs: word 5 is wrong"), std::string::npos);
}

TEST(ConsoleReport, ChecksThatWereSkippedForOneReasonAreOneLineUnlessDetailsAreWanted) {
  auto report = healthy();
  for (const char* id : {"cuda.copy", "cuda.memory", "cudnn.conv-exact"}) {
    report.groups.push_back({protocol::group_of(id), {check(id, Verdict::kSkipped, "no GPU is visible")}, {}, 0});
  }
  const std::string text = console_report(report, {});
  EXPECT_NE(text.find("skipped  3 checks                 no GPU is visible (cuda, cudnn)"), std::string::npos) << text;
  EXPECT_EQ(text.find("cuda.copy"), std::string::npos);
  EXPECT_NE(text.find("skipped  nccl.all-reduce"), std::string::npos) << "alone with its reason";
  const std::string details = console_report(report, {false, true});
  for (const char* id : {"cuda.copy", "cuda.memory", "cudnn.conv-exact"}) {
    EXPECT_NE(details.find(id), std::string::npos) << id;
  }
}

TEST(ConsoleReport, ForeignTextCannotMoveTheCursor) {
  auto report = healthy();
  report.image = "evil\x1b[2J\nPASS";
  EXPECT_EQ(console_report(report, {}).find('\x1b'), std::string::npos);
}

TEST(ConsoleReport, NoLineOfProseIsWiderThanEightyColumns) {
  auto report = healthy();
  report.groups[1].checks[0].reason =
      "a long reason that goes on and on, with many words, so that it has to be wrapped at least once or twice";
  std::istringstream lines(console_report(report, {false, true}));
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find("sha256:") == std::string::npos) {
      EXPECT_LE(line.size(), 80U) << line;
    }
  }
}

}  // namespace
}  // namespace envforge::report
