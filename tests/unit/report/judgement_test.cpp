#include <envforge/report/judgement.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/protocol/sealed_report.hpp>
#include <envforge/report/report_diff.hpp>

#include "sample_reports.hpp"
#include "support/schema_check.hpp"

namespace envforge::report {
namespace {

using protocol::Layer;
using protocol::Verdict;
using Kind = Finding::Kind;

TEST(Baseline, ASlowerRunIsDegradedAndBothFiguresAreNamed) {
  const auto now = run_of({560});
  const auto judgement = judge(now, EarlierReport{run_of({660}), "before.json"});
  ASSERT_EQ(judgement.findings.size(), 1U);
  const Finding& finding = judgement.findings[0];
  EXPECT_EQ(finding.kind, Kind::kSlowerThanBaseline);
  EXPECT_NE(finding.text.find("560 TFLOP/s, in the earlier run of 2026-11-21T10:00:00Z 660"), std::string::npos)
      << finding.text;
  EXPECT_NE(finding.text.find("15.2 % less"), std::string::npos) << finding.text;
  const auto judged = with_judgement(now, judgement);
  EXPECT_EQ(protocol::overall(now), Verdict::kPass);
  EXPECT_EQ(protocol::overall(judged), Verdict::kDegraded);
  EXPECT_EQ(judged.groups[0].checks[0].layer, Layer::kHardware);
}

TEST(Baseline, WhatLiesWithinTheStatedShareIsNoise) {
  EXPECT_TRUE(judge(run_of({600}), EarlierReport{run_of({660}), "before.json"}).findings.empty());
  EXPECT_TRUE(judge(run_of({800}), EarlierReport{run_of({660}), "before.json"}).findings.empty());
}

TEST(Baseline, WideSamplesAllowAWiderDifference) {
  auto now = run_of({560});
  now.groups[0].checks[0].measurements[0].spread = protocol::Spread{400, 700, 3};
  EXPECT_TRUE(judge(now, EarlierReport{run_of({660}), "before.json"}).findings.empty());
}

TEST(Baseline, AnotherGpuOfTheSameKindCountsAndAnotherKindDoesNot) {
  const auto elsewhere = run_of({660, 662}, "other-");
  EXPECT_EQ(judge(run_of({560}), EarlierReport{elsewhere, "b"}).findings.size(), 1U);
  auto other = elsewhere;
  for (auto& gpu : other.machine.gpus) gpu.name = "NVIDIA A100";
  const auto judgement = judge(run_of({560}), EarlierReport{other, "b"});
  EXPECT_TRUE(judgement.findings.empty());
  EXPECT_EQ(judgement.baseline->compared, 0);
  ASSERT_EQ(judgement.sentences.size(), 1U);
  EXPECT_NE(judgement.sentences[0].find("cublas.gemm-normal throughput bf16"), std::string::npos);
}

TEST(Baseline, AnotherShapeOrAGpuThatOthersUseIsNotCompared) {
  auto shape = run_of({660});
  shape.groups[0].checks[0].measurements[0].context["shape"] = "4096^3";
  EXPECT_EQ(judge(run_of({560}), EarlierReport{shape, "b"}).baseline->compared, 0);
  auto used = run_of({560});
  used.groups[0].checks[0].measurements[0].context["judged"] = "no: other processes use this GPU";
  EXPECT_TRUE(judge(used, EarlierReport{run_of({660}), "b"}).findings.empty());
}

TEST(Baseline, TheLayerIsNamedOnlyWhereOneThingChanged) {
  const auto now = run_of({560});
  auto then = run_of({660});
  then.machine.driver = "570.1";
  EXPECT_EQ(judge(now, EarlierReport{then, "b"}).findings.at(0).layer, Layer::kHostDriver);
  then.image_id = "sha256:bb";
  const auto both = judge(now, EarlierReport{then, "b"}).findings.at(0);
  EXPECT_EQ(both.layer, Layer::kNone);
  EXPECT_NE(both.evidence.find("not known"), std::string::npos);
  then.machine.driver = now.machine.driver;
  EXPECT_EQ(judge(now, EarlierReport{then, "b"}).findings.at(0).layer, Layer::kImage);
}

TEST(Baseline, ASmallTransferIsNotJudgedForItsLatencyVaries) {
  const auto of_size = [](double value, const char* size) {
    auto report = run_of({value});
    report.groups[0].checks[0].measurements = {{"bus bandwidth", value, "GB/s", {}, "", {{"size", size}}}};
    return report;
  };
  EXPECT_TRUE(judge(of_size(5, "1 MiB"), EarlierReport{of_size(10, "1 MiB"), "b"}).findings.empty());
  EXPECT_EQ(judge(of_size(5, "512 MiB"), EarlierReport{of_size(10, "512 MiB"), "b"}).findings.size(), 1U);
}

TEST(Peers, TheSlowOneOfTwoGpusIsNamed) {
  const auto report = run_of({700, 560});
  const auto judgement = judge(report, std::nullopt);
  ASSERT_EQ(judgement.findings.size(), 1U);
  EXPECT_EQ(judgement.findings[0].gpu, "GPU-1");
  EXPECT_EQ(judgement.findings[0].text.find("GPU 1 (NVIDIA H200, 0000:01:00.0) is the slow one"), 0U)
      << judgement.findings[0].text;
  const auto judged = with_judgement(report, judgement);
  EXPECT_EQ(judged.groups[0].checks[0].verdict, Verdict::kPass);
  EXPECT_EQ(judged.groups[0].checks[1].verdict, Verdict::kDegraded);
}

TEST(Peers, OneFastGpuDoesNotMakeTheOthersSlow) {
  EXPECT_TRUE(judge(run_of({600, 605, 720, 610}), std::nullopt).findings.empty());
  EXPECT_EQ(judge(run_of({600, 605, 500, 610}), std::nullopt).findings.size(), 1U);
}

TEST(Peers, GpusOfDifferentKindsAreNotCompared) {
  auto report = run_of({700, 300});
  report.machine.gpus[1].name = "NVIDIA A100";
  EXPECT_TRUE(judge(report, std::nullopt).findings.empty());
}

TEST(Peers, CopiesThroughTheHostAreNotComparedForAllGpusShareIt) {
  auto report = run_of({55, 40});
  for (auto& check : report.groups[0].checks) check.measurements[0].context["through"] = "the host";
  EXPECT_TRUE(judge(report, std::nullopt).findings.empty());
  EXPECT_EQ(judge(report, EarlierReport{run_of({55, 55}), "b"}).findings.size(), 1U) << "the same GPUs at once";
  EXPECT_EQ(judge(report, EarlierReport{run_of({55}), "b"}).baseline->compared, 0) << "one GPU had the host for itself";
}

TEST(Thresholds, EachRowNamesItsSourceAndDate) {
  for (const Threshold& row : thresholds()) {
    EXPECT_GT(row.share, 0);
    EXPECT_LT(row.share, 0.5);
    EXPECT_NE(std::string(row.source), "") << row.unit;
    EXPECT_EQ(std::string(row.checked).size(), 10U) << row.unit;
  }
  EXPECT_EQ(threshold_of("cuda.memory", "bytes"), nullptr);
  EXPECT_GT(threshold_of("cudnn.conv-normal", "TFLOP/s")->share, threshold_of("cublas.x", "TFLOP/s")->share);
  EXPECT_EQ(threshold_of("audit.record", "s"), nullptr) << "how long our own work took is no property of the machine";
}

TEST(Noise, FollowsTheRangeAndTheNumberOfTheSamples) {
  protocol::Measurement m{"x", 100, "GB/s", {}, "", {}, protocol::Spread{98, 102, 20}};
  // Range 4, d2(20) = 3.735: deviation 1.071; 1.2533 x 1.071 / sqrt(20) = 0.300 of 100.
  EXPECT_NEAR(noise_of(m), 0.0030, 0.0001);
  m.spread = std::nullopt;
  EXPECT_EQ(noise_of(m), 0);
}

TEST(Diff, TwoReportsStandSideBySide) {
  auto a = run_of({660});
  auto b = run_of({560}, "other-");
  b.machine.driver = "570.1";
  b.groups[0].libraries[0].version = "12.6";
  b.groups[0].checks.push_back(check_of("cublas.gemm-exact", Verdict::kFail, "element 3 is 4, expected 5"));
  const ReportDiff diff = diff_reports(a, b);
  ASSERT_EQ(diff.figures.size(), 1U);
  EXPECT_TRUE(diff.figures[0].differs);
  EXPECT_EQ(diff.figures[0].gpu, "GPU 0");
  ASSERT_EQ(diff.verdicts.size(), 1U);
  EXPECT_EQ(diff.verdicts[0].a, "-");
  EXPECT_EQ(diff.verdicts[0].b, "fail");
  ASSERT_EQ(diff.libraries.size(), 1U);
  EXPECT_EQ(to_json(diff)["rates"][0]["a"], 660.0);
  const std::string text = diff_text(diff, "a.json", "b.json");
  EXPECT_NE(text.find("660"), std::string::npos);
  EXPECT_NE(text.find("84.8 %  <--"), std::string::npos) << text;
  EXPECT_NE(text.find("570.1"), std::string::npos);
}

TEST(Diff, RatesThatDifferComeFirstAndThoseOfOneReportAloneAreANumber) {
  // Of GPU 0 nothing differs, of GPU 1 much; the third GPU is B's alone.
  const ReportDiff diff = diff_reports(run_of({660, 660}), run_of({660, 400, 660}));
  const std::string text = diff_text(diff, "a.json", "b.json");
  EXPECT_LT(text.find("GPU 1,"), text.find("GPU 0,")) << text;
  EXPECT_EQ(text.find("GPU 2,"), std::string::npos) << text;
  EXPECT_NE(text.find("0 rates stand in A only, 1 in B only; --details lists them"), std::string::npos) << text;
  const std::string details = diff_text(diff, "a.json", "b.json", true);
  EXPECT_NE(details.find("GPU 2,"), std::string::npos) << details;
  EXPECT_EQ(details.find("--details"), std::string::npos);
}

TEST(Diff, AReportDoesNotDifferFromItself) {
  const ReportDiff diff = diff_reports(run_of({660}), run_of({660}));
  EXPECT_TRUE(diff.facts.empty());
  EXPECT_TRUE(diff.verdicts.empty());
  EXPECT_TRUE(diff.libraries.empty());
  EXPECT_FALSE(diff.figures.at(0).differs);
}

using JudgementSchema = envforge::testing::SchemaTest;

TEST_F(JudgementSchema, TakesItsJson) {
  auto now = run_of({560, 700});
  now.machine.gpus[0].memory_bytes = now.machine.gpus[1].memory_bytes = 1;
  const auto judgement = judge(now, EarlierReport{run_of({660}), "before.json"});
  ASSERT_EQ(judgement.findings.size(), 2U);
  auto document = nlohmann::json::parse(protocol::seal(now, std::string(64, 'k')));
  document["host"] = to_json(judgement, with_judgement(now, judgement));
  const std::string good = document.dump();
  document["host"]["findings"][0].erase("reference");
  const auto refused = envforge::testing::refused_by_schema("report-v1.schema.json",
                                                            {{"good.json", good}, {"bad.json", document.dump()}});
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused.begin()->first, "bad.json") << refused.begin()->second;
  EXPECT_EQ(protocol::read_unverified(good, "good.json").image, now.image);
}

TEST(Judgement, ItsJsonNamesTheBaselineByItsDigest) {
  const auto now = run_of({560});
  const auto judgement = judge(now, EarlierReport{run_of({660}), "before.json"});
  const auto json = to_json(judgement, with_judgement(now, judgement));
  EXPECT_EQ(json["verdict"], "degraded");
  EXPECT_EQ(json["baseline"]["sha256"].get<std::string>().size(), 64U);
  EXPECT_EQ(json["findings"][0]["kind"], "slower-than-baseline");
  EXPECT_EQ(json["findings"][0]["reference"], 660.0);
}

}  // namespace
}  // namespace envforge::report
