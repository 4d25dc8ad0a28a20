#include <envforge/protocol/report.hpp>

#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>

namespace envforge::protocol {
namespace {

using support::Error;
using support::ErrorCode;

CheckResult check(const std::string& id, Verdict verdict, const std::string& reason = "") {
  CheckResult result;
  result.id = id;
  result.verdict = verdict;
  result.reason = reason;
  return result;
}

Report report_with(std::vector<CheckResult> checks, std::vector<std::string> required = {}) {
  Report report;
  report.required = std::move(required);
  report.groups.push_back({"cublas", std::move(checks), {}, 1.5});
  return report;
}

TEST(Overall, NothingThatRanIsAnError) {
  EXPECT_EQ(overall(Report{}), Verdict::kError);
  EXPECT_EQ(overall(report_with({})), Verdict::kError);
  EXPECT_EQ(overall_reason(Report{}), "no check ran");
}

TEST(Overall, ASkipNeverCountsAsAPass) {
  EXPECT_EQ(overall(report_with({check("cublas.a", Verdict::kSkipped, "no GPU")})), Verdict::kSkipped);
  const auto both = report_with({check("cublas.a", Verdict::kPass), check("cublas.b", Verdict::kSkipped, "no GPU")});
  EXPECT_EQ(overall(both), Verdict::kPass);
  EXPECT_EQ(overall_reason(both), "1 check passed, 1 skipped");
}

TEST(Overall, ARequiredCheckThatWasSkippedIsAFailureThatSaysWhy) {
  const auto report = report_with({check("cublas.a", Verdict::kPass), check("cublas.b", Verdict::kSkipped, "no GPU")},
                                  {"cublas.b", "nccl"});
  EXPECT_EQ(overall(report), Verdict::kFail);
  EXPECT_EQ(overall_reason(report),
            "1 check passed, 1 skipped; required cublas.b was skipped: no GPU; required nccl did not run");
}

TEST(Overall, ARequiredGroupNeedsOneOfItsChecksToPass) {
  EXPECT_EQ(overall(report_with({check("cublas.a", Verdict::kPass)}, {"cublas"})), Verdict::kPass);
  EXPECT_EQ(overall(report_with({check("cublas.a", Verdict::kDegraded)}, {"cublas"})), Verdict::kFail);
}

TEST(Overall, TheWorstVerdictWins) {
  for (const Verdict bad : {Verdict::kFail, Verdict::kCrashed, Verdict::kHung, Verdict::kError, Verdict::kDegraded}) {
    EXPECT_EQ(overall(report_with({check("cublas.a", Verdict::kPass), check("cublas.b", bad)})), bad) << to_string(bad);
  }
}

Report full_report() {
  Report report = report_with({check("cublas.a", Verdict::kFail, "element 3 is 7, expected 8")}, {"cublas"});
  auto& one = report.groups[0].checks[0];
  one.layer = Layer::kImage;
  one.mend = "torch: 2.7";
  one.gpu = "GPU-1";
  one.recomputed = 64;
  one.control = NegativeControl{"one element changed by 1", 1, 1, true};
  one.measurements.push_back({"throughput", 795.5, "TFLOP/s", 989.0, "SM x FMA x clock", {{"dtype", "bf16"}}});
  report.groups[0].libraries.push_back({"libcublas.so.12", "/venv/libcublas.so.12", "12.4.5", "pip x", "RPATH"});
  report.machine.gpus.push_back({"GPU-1", "NVIDIA H200", "0000:01:00.0", "96", "1", "9.0", 150754820096ULL, false, {}});
  report.validator = {"0.1.0", "abc", {{"envforge-driver", "00"}}};
  report.nonce = "n";
  report.not_judged = {"speed: other processes use the GPU"};
  return report;
}

TEST(ReportJson, ReadsBackWhatItWrote) {
  const Report report = full_report();
  EXPECT_EQ(to_json(report_from_json(to_json(report), "r.json")), to_json(report));
}

TEST(ReportJson, RefusesAVerdictThatDoesNotFollowFromTheChecks) {
  auto json = to_json(full_report());
  json["verdict"] = "pass";
  try {
    report_from_json(json, "r.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kReportMalformed);
    EXPECT_EQ(error.where()->pointer, "/verdict");
  }
}

TEST(ReportJson, RefusesANewerVersionWithItsOwnCode) {
  auto json = to_json(full_report());
  json["schema_version"] = kReportVersion + 1;
  try {
    report_from_json(json, "r.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kReportTooNew);
  }
}

TEST(ReportJson, NamesTheWrongMemberByItsPointer) {
  auto json = to_json(full_report());
  json["groups"][0]["checks"][0]["verdict"] = "good";
  try {
    report_from_json(json, "r.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(to_string(*error.where()), "r.json#/groups/0/checks/0/verdict");
  }
}

TEST(ReportJson, ANumberThatIsNotFiniteIsNoMeasurement) {
  CheckResult result = check("a.b", Verdict::kPass);
  result.measurements.push_back({"x", std::numeric_limits<double>::quiet_NaN(), "s", {}, "", {}});
  EXPECT_THROW(to_json(result), Error);
}

}  // namespace
}  // namespace envforge::protocol
