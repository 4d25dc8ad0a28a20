// The real driver and a real group process that misbehaves: the most valuable tests of the validator.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/protocol/message.hpp>
#include <envforge/protocol/request.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/exit_code.hpp>

namespace envforge::validator::driver {
namespace {

using protocol::CheckResult;
using protocol::Report;
using protocol::Verdict;

const std::string kKey = "a key that no group ever sees, 0123456789";

struct Driven {
  process::Outcome outcome;
  Report report;
  std::vector<std::string> sealed;
};

protocol::DriverRequest request_for(const std::vector<std::string>& behaviours) {
  protocol::DriverRequest request;
  request.key = kKey;
  for (const auto& behaviour : behaviours) request.group.checks.push_back("fake." + behaviour);
  request.groups_dir = ENVFORGE_FAKE_GROUPS;
  request.group_deadline_seconds = 20;
  request.report.nonce = "nonce";
  return request;
}

/// `interrupt_at`: the run is interrupted when the driver's progress holds these words.
Driven run_request(const std::string& text, std::map<std::string, std::string> environment = {},
                   const std::string& interrupt_at = "") {
  volatile std::sig_atomic_t interrupted = 0;
  process::PosixProcessRunner runner(&interrupted);
  process::Command command;
  command.argv = {ENVFORGE_DRIVER};
  environment.emplace("PATH", "/usr/bin:/bin");
  // In a build with sanitizers a crash shall stay a signal, and no one may trace the driver to look for leaks.
  environment.emplace("ASAN_OPTIONS", "handle_segv=0:detect_leaks=0");
  command.environment = environment;
  command.standard_input = text;
  command.deadline = std::chrono::seconds(60);
  Driven run;
  run.outcome = runner.run(command, [&](process::Stream, std::string_view line) {
    if (!interrupt_at.empty() && line.find(interrupt_at) != std::string_view::npos) interrupted = 1;
  });
  run.sealed = protocol::find_sealed(run.outcome.out);
  if (!run.sealed.empty()) run.report = protocol::open_sealed(run.sealed.back(), kKey, "stdout");
  return run;
}

Driven run_checks(const std::vector<std::string>& behaviours) {
  return run_request(protocol::to_json(request_for(behaviours)).dump());
}

CheckResult only_result(const Driven& run) {
  if (run.report.groups.size() != 1 || run.report.groups[0].checks.size() != 1) {
    ADD_FAILURE() << "expected one result\n" << run.outcome.out << run.outcome.err;
    return {};
  }
  return run.report.groups[0].checks[0];
}

TEST(Driver, EveryWayInWhichACheckCanEndHasItsVerdict) {
  struct Case {
    const char* behaviour;
    Verdict verdict;
    const char* reason;
  };
  const std::vector<Case> cases = {
      {"passes", Verdict::kPass, ""},
      {"fails", Verdict::kFail, "it is broken"},
      {"skips", Verdict::kSkipped, "not here"},
      {"throws", Verdict::kError, "exception in the check: thrown"},
      {"crashes", Verdict::kCrashed, "ended by signal 11 (Segmentation fault) in: dividing the moon"},
      {"exits", Verdict::kCrashed, "the group exited with 3"},
      {"prints-garbage", Verdict::kError, "the group sent a line that is no message: 'PASS'"},
      {"floods", Verdict::kError,
       "the group sent a line that is no message: "
       "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"},
      {"reports-twice", Verdict::kError, "the group reported this check twice"},
      {"reports-another", Verdict::kError, "the group reported 'fake.passes', which does not run"},
      {"says-bye", Verdict::kError, "the group said goodbye while fake.says-bye runs"},
      {"is-silent", Verdict::kError, "the group gave no result"},
      {"leaves-a-child", Verdict::kPass, ""},
      {"computes-right", Verdict::kPass, ""},
      {"hides-its-output", Verdict::kError, "the check passed without showing its output to the driver"},
      {"skips-without-reason", Verdict::kError, "skipped without a reason"},
  };
  for (const auto& one : cases) {
    const Driven run = run_checks({one.behaviour});
    const CheckResult result = only_result(run);
    EXPECT_EQ(to_string(result.verdict), to_string(one.verdict)) << one.behaviour;
    EXPECT_EQ(result.reason, one.reason) << one.behaviour;
    EXPECT_EQ(run.outcome.exit_code, one.verdict == Verdict::kPass ? 0 : 1) << one.behaviour;
  }
}

TEST(Driver, AHangIsEndedAtItsDeadlineAndSaysWhereItHung) {
  auto request = request_for({"hangs", "passes"});
  request.group_deadline_seconds = 1;
  const Driven run = run_request(protocol::to_json(request).dump());
  ASSERT_EQ(run.report.groups.size(), 1U);
  const auto& checks = run.report.groups[0].checks;
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].verdict, Verdict::kHung);
  EXPECT_EQ(checks[0].reason, "no end after 1 s in: waiting for Godot");
  EXPECT_EQ(checks[1].verdict, Verdict::kPass) << "the rest runs in another process";
  EXPECT_LT(run.outcome.took.count(), 40000) << "the deadline of the whole run is 600 s";
}

TEST(Driver, ACrashDoesNotTakeTheOtherChecksWithIt) {
  const Driven run = run_checks({"crashes", "passes", "exits", "computes-right"});
  ASSERT_EQ(run.report.groups.size(), 1U);
  const auto counts = protocol::count(run.report);
  EXPECT_EQ(counts.crashed, 2);
  EXPECT_EQ(counts.pass, 2);
}

TEST(Driver, ItRecomputesElementsItselfAndOverrulesAPass) {
  EXPECT_EQ(only_result(run_checks({"computes-right"})).recomputed, 60U);
  const CheckResult wrong = only_result(run_checks({"computes-wrong"}));
  EXPECT_EQ(wrong.verdict, Verdict::kFail);
  EXPECT_EQ(wrong.reason.rfind("the group saw no fault, but element 17 is ", 0), 0U) << wrong.reason;
}

TEST(Driver, ASoakRepeatsUntilItsTimeIsOverAndTellsEveryFailure) {
  const std::string state = ::testing::TempDir() + "envforge-soak-" + std::to_string(getpid());
  auto request = request_for({"alternates", "passes"});
  request.soak_seconds = 3.5;
  const Driven run = run_request(protocol::to_json(request).dump(), {{"FAKE_STATE", state}});
  std::filesystem::remove(state);
  ASSERT_EQ(run.report.groups.size(), 1U) << run.outcome.err;
  ASSERT_GE(run.report.rounds, 3);
  const auto& alternates = run.report.groups[0].checks[0];
  EXPECT_EQ(alternates.rounds, run.report.rounds);
  EXPECT_EQ(alternates.verdict, Verdict::kFail);
  EXPECT_EQ(static_cast<int>(alternates.failures.size()), run.report.rounds / 2);
  EXPECT_EQ(alternates.failures[0].round, 2);
  EXPECT_EQ(alternates.failures[0].reason, "it is broken now");
  ASSERT_TRUE(alternates.measurements[0].spread);
  EXPECT_EQ(alternates.measurements[0].spread->lowest, 1);
  EXPECT_EQ(alternates.measurements[0].spread->highest, run.report.rounds);
  EXPECT_TRUE(run.report.groups[0].checks[1].failures.empty());
}

TEST(Driver, ASoakThatIsInterruptedTellsOfItsFinishedRounds) {
  auto request = request_for({"passes"});
  request.soak_seconds = 50;
  const Driven run = run_request(protocol::to_json(request).dump(), {}, "round 2 is over");
  EXPECT_EQ(run.outcome.kind, process::Outcome::Kind::kInterrupted);
  ASSERT_EQ(run.report.groups.size(), 1U) << run.outcome.err;
  EXPECT_EQ(run.report.rounds, 2);
  EXPECT_EQ(protocol::overall(run.report), Verdict::kPass) << protocol::overall_reason(run.report);
  ASSERT_FALSE(run.report.not_judged.empty());
  EXPECT_EQ(run.report.not_judged[0], "what further rounds would have found: the soak was interrupted after 2 rounds");
}

TEST(Driver, OfTheRoundThatIsInterruptedWhatWasFoundStaysAndTheRestIsForgotten) {
  const std::string state = ::testing::TempDir() + "envforge-interrupted-" + std::to_string(getpid());
  auto request = request_for({"alternates", "hangs-later"});
  request.soak_seconds = 50;
  const Driven run = run_request(protocol::to_json(request).dump(), {{"FAKE_STATE", state}}, "waiting for Godot");
  std::filesystem::remove(state);
  ASSERT_EQ(run.report.groups.size(), 1U) << run.outcome.err;
  EXPECT_EQ(run.report.rounds, 1);
  const auto& checks = run.report.groups[0].checks;
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].verdict, Verdict::kFail) << "found in the second round, before the interruption";
  EXPECT_EQ(checks[0].failures.at(0).round, 2);
  EXPECT_EQ(checks[1].verdict, Verdict::kPass) << checks[1].reason;
  EXPECT_EQ(checks[1].rounds, 1);
}

TEST(Driver, ASoakThatIsInterruptedInItsFirstRoundHasNoVerdict) {
  auto request = request_for({"hangs"});
  request.soak_seconds = 50;
  const Driven run = run_request(protocol::to_json(request).dump(), {}, "waiting for Godot");
  EXPECT_TRUE(protocol::was_interrupted(only_result(run)));
}

TEST(Driver, AGroupOfWhichNoCheckRanIsNamedWithItsReason) {
  const auto& sentences = run_checks({"skips", "skips-without-reason"}).report.not_judged;
  EXPECT_EQ(std::count(sentences.begin(), sentences.end(), "fake: not here"), 0) << "one of them is an error";
  const auto& skipped = run_checks({"skips"}).report.not_judged;
  EXPECT_EQ(std::count(skipped.begin(), skipped.end(), "fake: not here"), 1);
}

TEST(Driver, AnUnknownCheckIsAnErrorAndNeverSilent) {
  const Driven run = run_checks({"passes", "does-not-exist"});
  const auto counts = protocol::count(run.report);
  EXPECT_EQ(counts.pass, 1);
  EXPECT_EQ(counts.error, 1);
  EXPECT_EQ(protocol::overall(run.report), Verdict::kError);
}

TEST(Driver, AGroupThatIsNotThereIsSkippedWithItsReason) {
  auto request = request_for({});
  request.group.checks = {"nowhere.x"};
  const CheckResult result = only_result(run_request(protocol::to_json(request).dump()));
  EXPECT_EQ(result.verdict, Verdict::kSkipped);
  EXPECT_EQ(result.reason, "the group nowhere is not part of this validator");
}

TEST(Driver, WithoutAGpuTheGroupsOfTheGpuAreSkippedAndTheReportSaysSo) {
  auto request = request_for({});
  request.group.checks = {"cublas.gemm-exact"};
  request.group.expected_gpus = 0;
  const Driven run = run_request(protocol::to_json(request).dump());
  EXPECT_EQ(only_result(run).reason, "the run was asked not to use a GPU");
  EXPECT_EQ(run.report.not_judged.front(), "the GPU was not tested");
}

TEST(Driver, TheReportSaysWhatTheHostKnewAndWhichBinariesRan) {
  auto request = request_for({"passes"});
  request.report.image = "app:1";
  request.report.required = {"fake"};
  const Driven run = run_request(protocol::to_json(request).dump());
  EXPECT_EQ(run.report.nonce, "nonce");
  EXPECT_EQ(run.report.image, "app:1");
  EXPECT_EQ(run.report.validator.binaries.count("envforge-driver"), 1U);
  EXPECT_EQ(run.report.validator.binaries.count("envforge-group-fake"), 1U);
}

TEST(Driver, ProgressComesAsLinesThatNameTheCheck) {
  const Driven run = run_checks({"passes"});
  std::vector<std::string> seen;
  std::string line;
  for (const char c : run.outcome.err) {
    if (c != '\n') {
      line += c;
      continue;
    }
    const auto progress = protocol::progress_from_line(line);
    // Whether "doing" is told depends on how fast the check is.
    if (progress && progress->what != "doing") seen.push_back(progress->what + " " + progress->text);
    line.clear();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"started ", "result pass"}));
}

TEST(Driver, RefusesARequestThatItDoesNotUnderstand) {
  const Driven run = run_request("{\"schema\":\"envforge/driver-request\"}");
  EXPECT_EQ(run.outcome.exit_code, static_cast<int>(support::ExitCode::kBuildFailed));
  EXPECT_NE(run.outcome.err.find("error[EF5301]"), std::string::npos) << run.outcome.err;
  EXPECT_TRUE(run.sealed.empty());
}

TEST(Driver, IsOneStaticFile) {
  process::PosixProcessRunner runner;
  process::Command command;
  command.argv = {"/usr/bin/file", "-L", ENVFORGE_DRIVER};
  if (!std::filesystem::exists(command.argv[0])) GTEST_SKIP() << "no `file` program here";
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "a sanitizer's runtime cannot be linked statically";
#endif
  EXPECT_NE(runner.run(command).out.find("statically linked"), std::string::npos);
}

// docs/security.md, the three forgeries.

TEST(Forgery, APreloadedLibraryIsAFailureOfTheImageAndNothingStarts) {
  const Driven run = run_request(protocol::to_json(request_for({"passes"})).dump(), {{"LD_PRELOAD", "/opt/evil.so"}});
  const CheckResult result = only_result(run);
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_EQ(result.layer, protocol::Layer::kImage);
  EXPECT_NE(result.reason.find("LD_PRELOAD is set to '/opt/evil.so'"), std::string::npos);
  EXPECT_EQ(run.outcome.err.find("started"), std::string::npos) << "a group was started";
  EXPECT_EQ(run.outcome.exit_code, 1);
}

TEST(Forgery, ALibraryThatTheRunPreloadsIsNoFaultOfTheImage) {
  auto request = request_for({"passes"});
  request.group.flags_are_the_runs = true;
  const CheckResult result =
      only_result(run_request(protocol::to_json(request).dump(), {{"LD_PRELOAD", "/opt/evil.so"}}));
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_EQ(result.layer, protocol::Layer::kContainerFlags);
  EXPECT_NE(result.mend.find("unset LD_PRELOAD"), std::string::npos) << result.mend;
}

TEST(Forgery, AGroupCannotReadOrTraceTheDriverEvenAsRoot) {
  const CheckResult result = only_result(run_checks({"attacks-driver"}));
  EXPECT_EQ(result.verdict, Verdict::kSkipped) << result.reason;
  EXPECT_EQ(result.reason, "nothing of the driver can be opened");
}

TEST(Forgery, TheChannelOfAnotherProcessCannotBeOpened) {
  const CheckResult result = only_result(run_checks({"writes-into-another"}));
  EXPECT_EQ(result.verdict, Verdict::kSkipped) << result.reason;
}

TEST(Forgery, AReportThatAGroupPrintsReachesNobodyAndHasAnotherMac) {
  const Driven run = run_checks({"prints-report"});
  EXPECT_EQ(run.sealed.size(), 1U) << "the driver's own";
  EXPECT_EQ(only_result(run).verdict, Verdict::kFail);
}

TEST(Forgery, AReportWithAnotherKeyIsNotTrustedWhoeverPrintsIt) {
  protocol::Report forged;
  const std::string document = protocol::seal(forged, "another key, also of some length 0123456789");
  try {
    protocol::open_sealed(document, kKey, "stdout");
    FAIL();
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kReportNotTrusted);
  }
}

TEST(Forgery, TheKeyIsNowhereInWhatTheDriverPrints) {
  const Driven run = run_checks({"passes", "crashes"});
  EXPECT_EQ(run.outcome.out.find(kKey), std::string::npos);
  EXPECT_EQ(run.outcome.err.find(kKey), std::string::npos);
}

}  // namespace
}  // namespace envforge::validator::driver
