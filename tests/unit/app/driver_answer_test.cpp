#include "app/driver_answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>

namespace envforge::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kKey(64, 'k');

process::Outcome answer_with(const std::vector<std::string>& ids) {
  protocol::Report report;
  for (const auto& id : ids) {
    protocol::CheckResult check;
    check.id = id;
    check.verdict = protocol::Verdict::kPass;
    report.groups.push_back({id.substr(0, id.find('.')), {check}, {}, 0});
  }
  process::Outcome outcome;
  outcome.kind = process::Outcome::Kind::kExited;
  outcome.out = std::string(protocol::kReportBegin) + "\n" + protocol::seal(report, kKey) + "\n" +
                std::string(protocol::kReportEnd) + "\n";
  return outcome;
}

VerifyPlan plan_of(const std::vector<std::string>& checks) {
  VerifyPlan plan;
  plan.checks = checks;
  return plan;
}

std::string told(const process::Outcome& outcome, const VerifyPlan& plan) {
  try {
    read_driver_answer(outcome, kKey, plan);
    return "";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kValidatorBroken);
    return support::format_error(error);
  }
}

TEST(DriverAnswer, IsOfTheChecksThatWereAskedForAndOfTheContainersThatTheDriverAdds) {
  EXPECT_EQ(told(answer_with({"cuda.memory", "container.gpus"}), plan_of({"cuda.memory"})), "");
}

TEST(DriverAnswer, ThatLeavesOutACheckOrAddsOneIsNotBelievedThoughItsSealIsRight) {
  EXPECT_THAT(told(answer_with({"cuda.memory"}), plan_of({"cuda.memory", "cuda.p2p"})),
              HasSubstr("cuda.p2p is missing"));
  EXPECT_THAT(told(answer_with({"container.shm", "cublas.gemm-exact"}), plan_of({"container.shm"})),
              HasSubstr("cublas.gemm-exact was not asked for"));
}

TEST(DriverAnswer, OfAProgramThatPrintsItsRequestNeverShowsTheKey) {
  process::Outcome outcome;
  outcome.kind = process::Outcome::Kind::kExited;
  outcome.exit_code = 127;
  outcome.err = "/bin/sh: {key:" + kKey + "} not found\n" + kKey;
  const std::string text = told(outcome, plan_of({"container.shm"}));
  EXPECT_THAT(text, HasSubstr("ended without a report"));
  EXPECT_THAT(text, Not(HasSubstr(kKey)));
}

}  // namespace
}  // namespace envforge::app
