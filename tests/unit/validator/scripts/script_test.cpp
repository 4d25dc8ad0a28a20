// A script is any program here: the shell plays Python's part where no Python is needed.
#include "scripts/script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/require.hpp"

namespace envforge::validator::scripts {
namespace {

using Kind = process::Outcome::Kind;

Script shell(const std::string& text) {
  process::Command command;
  command.argv = {"/bin/sh", "-c", text};
  return Script(std::move(command));
}

Script::Clock::time_point in(double seconds) {
  return Script::Clock::now() + std::chrono::milliseconds(static_cast<int>(seconds * 1000));
}

TEST(Script, GetsItsInputLaterAndSaysItsStepsAndItsResults) {
  Script script = shell(
      "echo 'ENVFORGE-STEP waiting'; read a; echo noise; echo \"ENVFORGE {\\\"got\\\": $a}\"; echo 'ENVFORGE-STEP "
      "bye'");
  std::vector<std::string> steps;
  const auto note = [&](const std::string& step) { steps.push_back(step); };
  EXPECT_FALSE(script.result(in(0.3), note)) << "it has no input yet";
  EXPECT_THAT(steps, ::testing::ElementsAre("waiting"));
  script.give("17");
  EXPECT_EQ(script.result(in(20), note), "{\"got\": 17}");
  const auto ended = script.end(in(20), note);
  ASSERT_TRUE(ended.has_value());
  EXPECT_TRUE(ended->ok());
  EXPECT_EQ(script.step(), "bye");
}

TEST(Script, ReachesEveryReaderByTheEndOfItsInput) {
  Script script = shell("exec 3<&0; cat <&3 & cat <&3 & wait; echo 'ENVFORGE {}'");
  EXPECT_FALSE(script.end(in(0.3), {}));
  script.close_input();
  EXPECT_EQ(script.result(in(20), {}), "{}");
}

TEST(Script, ThatEndsWithoutAResultSaysHow) {
  Script script = shell("echo 'ENVFORGE-STEP dying'; kill -SEGV $$");
  EXPECT_FALSE(script.result(in(20), {}));
  const auto ended = script.end(in(20), {});
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->kind, Kind::kSignaled);
  EXPECT_EQ(ended->signal, SIGSEGV);
  EXPECT_EQ(script.step(), "dying");
  script.give("for nobody");  // and no SIGPIPE
}

TEST(Script, ThatDoesNotEndIsEnded) {
  Script script = shell("echo 'ENVFORGE-STEP sleeping'; sleep 600");
  EXPECT_FALSE(script.end(in(0.3), {}));
  EXPECT_EQ(script.stop().kind, Kind::kInterrupted);
  EXPECT_EQ(script.step(), "sleeping");
}

TEST(Script, OfPythonThatIsEndedSaysWhereItWas) {
  process::PosixProcessRunner runner;
  const auto pythons = runner.find_programs("python3");
  if (pythons.empty()) return testing::cannot_run("python", "no python3 is on PATH");
  process::Command command;
  command.argv = {pythons.front(), "-c",
                  std::string(kPrelude) +
                      "import time\ndef wait_for_ever():\n    step('waiting')\n    time.sleep(600)\nwait_for_ever()\n"};
  Script script(std::move(command));
  for (int i = 0; i < 200 && script.step().empty(); ++i) script.result(in(0.1), {});
  EXPECT_EQ(script.step(), "waiting");
  EXPECT_THAT(script.stop().err, ::testing::HasSubstr("in wait_for_ever"));
}

}  // namespace
}  // namespace envforge::validator::scripts
