#include <gtest/gtest.h>

#include "support/fake_process.hpp"

namespace envforge::testing {
namespace {

TEST(ScriptedProcessRunner, AnswersTheRuleWithMostWordsAndRecordsTheCommand) {
  ScriptedProcessRunner runner;
  runner.on({"docker"}, ScriptedProcessRunner::exited(1));
  runner.on({"docker", "info"}, ScriptedProcessRunner::exited(0, "a\nb\n"));
  process::Command command;
  command.argv = {"docker", "--host", "x", "info"};
  std::vector<std::string> lines;
  const auto outcome = runner.run(command, [&](process::Stream, std::string_view line) { lines.emplace_back(line); });
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(runner.calls.size(), 1U);
  EXPECT_EQ(runner.calls[0].argv, command.argv);
}

TEST(ScriptedProcessRunner, UsesUpRepliesAndKeepsTheLast) {
  ScriptedProcessRunner runner;
  runner.on({"x"}, ScriptedProcessRunner::exited(1));
  runner.on({"x"}, ScriptedProcessRunner::exited(2));
  process::Command command;
  command.argv = {"x"};
  EXPECT_EQ(runner.run(command).exit_code, 1);
  EXPECT_EQ(runner.run(command).exit_code, 2);
  EXPECT_EQ(runner.run(command).exit_code, 2);
}

TEST(ScriptedProcessRunner, RefusesACommandThatNobodyScripted) {
  ScriptedProcessRunner runner;
  process::Command command;
  command.argv = {"rm", "-rf", "/"};
  EXPECT_THROW(runner.run(command), std::logic_error);
}

}  // namespace
}  // namespace envforge::testing
