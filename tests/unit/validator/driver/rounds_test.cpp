#include "driver/rounds.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::driver {
namespace {

using protocol::CheckResult;
using protocol::GroupResult;
using protocol::Verdict;

std::vector<GroupResult> round(Verdict verdict, double speed, const std::string& gpu = "GPU-1") {
  CheckResult check;
  check.id = "cublas.gemm";
  check.verdict = verdict;
  check.gpu = gpu;
  check.seconds = 2;
  if (verdict != Verdict::kPass) check.reason = "at " + std::to_string(static_cast<int>(speed));
  check.measurements = {{"throughput",
                         speed,
                         "TFLOP/s",
                         speed * 2,
                         "at " + std::to_string(speed),
                         {{"dtype", "bf16"}, {"SM clock", "1"}}}};
  return {{"cublas", {check}, {{"libcublas.so.12", "/x", "12", "pip", "RPATH"}}, 3}};
}

TEST(Rounds, TheWorstVerdictStandsAndEveryFailureIsKept) {
  Rounds rounds;
  rounds.add(round(Verdict::kPass, 700), 0);
  rounds.add(round(Verdict::kFail, 690), 10);
  rounds.add(round(Verdict::kHung, 680), 20);
  rounds.add(round(Verdict::kPass, 710), 30);
  const auto merged = rounds.merged();
  ASSERT_EQ(merged.size(), 1U);
  ASSERT_EQ(merged[0].checks.size(), 1U);
  const CheckResult& check = merged[0].checks[0];
  EXPECT_EQ(check.verdict, Verdict::kFail);
  EXPECT_EQ(check.reason, "at 690");
  EXPECT_EQ(check.rounds, 4);
  EXPECT_EQ(check.seconds, 8);
  ASSERT_EQ(check.failures.size(), 2U);
  EXPECT_EQ(check.failures[1].round, 3);
  EXPECT_EQ(check.failures[1].second, 20);
  EXPECT_EQ(check.failures[1].verdict, Verdict::kHung);
}

TEST(Rounds, AMeasurementTellsLowestMedianAndHighest) {
  Rounds rounds;
  for (const double speed : {700, 650, 720}) rounds.add(round(Verdict::kPass, speed), 0);
  const auto m = rounds.merged()[0].checks[0].measurements.at(0);
  EXPECT_EQ(m.value, 700);
  EXPECT_EQ(m.expected, 1400) << "of the round whose value is told";
  ASSERT_TRUE(m.spread);
  EXPECT_EQ(m.spread->lowest, 650);
  EXPECT_EQ(m.spread->highest, 720);
  EXPECT_EQ(m.spread->samples, 3);
  EXPECT_EQ(m.context.count("SM clock"), 0U) << "the clock of one round is not that of all";
  EXPECT_EQ(m.context.at("dtype"), "bf16");
}

TEST(Rounds, AGpuThatIsGoneFailsItsRoundAndIsNamed) {
  CheckResult gpus;
  gpus.id = "container.gpus";
  gpus.verdict = Verdict::kPass;
  std::vector<GroupResult> groups = {{"container", {gpus}, {}, 1}};
  protocol::GpuInfo one, two;
  one.uuid = "GPU-1";
  two.uuid = "GPU-2";
  tell_lost_gpus({one, two}, {one, two}, groups);
  EXPECT_EQ(groups[0].checks[0].verdict, Verdict::kPass);
  tell_lost_gpus({one, two}, {one}, groups);
  EXPECT_EQ(groups[0].checks[0].verdict, Verdict::kFail);
  EXPECT_EQ(groups[0].checks[0].reason, "GPU GPU-2 was there when the run began and is gone");
}

TEST(Rounds, EachGpuHasItsOwnResult) {
  Rounds rounds;
  rounds.add(round(Verdict::kPass, 700, "GPU-1"), 0);
  rounds.add(round(Verdict::kFail, 600, "GPU-2"), 0);
  const auto merged = rounds.merged();
  ASSERT_EQ(merged[0].checks.size(), 2U);
  EXPECT_EQ(merged[0].checks[0].verdict, Verdict::kPass);
  EXPECT_EQ(merged[0].checks[1].verdict, Verdict::kFail);
  EXPECT_EQ(merged[0].libraries.size(), 1U);
}

}  // namespace
}  // namespace envforge::validator::driver
