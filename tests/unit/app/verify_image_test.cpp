#include <envforge/app/verify_image.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/app/report_key.hpp>
#include <envforge/app/site_requests.hpp>
#include <envforge/app/validator_programs.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>

#include "support/app_world.hpp"
#include "support/require.hpp"

namespace envforge::app {
namespace {

using process::Outcome;

class InterruptedVerify : public ::testing::Test {
 protected:
  void SetUp() override {
    if (validator_programs(host_architecture()).empty()) testing::cannot_run("groups", "no driver is embedded");
    at_.world().report_secret_path = at_.path("secret");
    options_.here = true;
    options_.gpus = parse_gpus("none");
    options_.only = {"container.shm"};
    options_.suite = "soak";
    options_.nonce = "n";
  }
  /// What `verify --here` makes of a driver that was told to end and printed this.
  VerifyResult with_driver(const protocol::Report& report) {
    const auto key = report_key(report_secret(at_.world().report_secret_path), options_.nonce);
    Outcome outcome = testing::ScriptedProcessRunner::ended(Outcome::Kind::kInterrupted);
    outcome.out = std::string(protocol::kReportBegin) + "\n" + protocol::seal(report, key) + "\n" +
                  std::string(protocol::kReportEnd) + "\n";
    return with_outcome(outcome);
  }
  VerifyResult with_outcome(const Outcome& outcome) {
    at_.processes.on({}, outcome);
    return verify_image(at_.world(), "", std::nullopt, options_);
  }
  template <class Body>
  static void expect_nothing_kept(const Body& body) {
    try {
      body();
      ADD_FAILURE() << "no error";
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kInterrupted);
      EXPECT_EQ(error.message(), "interrupted: no round was over, so there is no report");
      EXPECT_THAT(error.hint(), ::testing::HasSubstr("a soak that is interrupted later keeps its finished rounds"));
    }
  }
  static protocol::Report report_of(protocol::Verdict verdict, const std::string& reason) {
    protocol::Report report;
    protocol::CheckResult check;
    check.id = "container.shm";
    check.verdict = verdict;
    check.reason = reason;
    report.groups.push_back({"container", {check}, {}, 0});
    return report;
  }

  testing::AppWorld at_;
  VerifyOptions options_;
};

TEST_F(InterruptedVerify, TellsOfTheRoundsThatWereOver) {
  auto report = report_of(protocol::Verdict::kPass, "");
  report.rounds = 3;
  const auto result = with_driver(report);
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(result.report.rounds, 3);
}

TEST_F(InterruptedVerify, BeforeARoundWasOverSaysThatNothingIsKept) {
  expect_nothing_kept([&] {
    with_driver(report_of(protocol::Verdict::kError, std::string("did not run: ") + protocol::kRunInterrupted));
  });
}

TEST_F(InterruptedVerify, WithoutAReportSaysThatNothingIsKept) {
  expect_nothing_kept([&] { with_outcome(testing::ScriptedProcessRunner::ended(Outcome::Kind::kInterrupted)); });
}

}  // namespace
}  // namespace envforge::app
