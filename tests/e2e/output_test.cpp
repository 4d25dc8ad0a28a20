// What becomes of an answer that standard output does not take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/text.hpp>

#include "cli.hpp"

namespace envforge::testing {
namespace {

using ::testing::HasSubstr;

// The device that is always full is opened for writing by the shell; nothing replaces it.
process::Outcome in_shell(const std::string& script) {
  const support::TempDir home;
  process::Command command;
  command.argv = {"/bin/sh", "-c", script};
  command.extra_environment = {{"HOME", home.path().string()}, {"XDG_DATA_HOME", ""}};
  command.working_directory = home.path().string();
  command.deadline = std::chrono::minutes(1);
  return process::PosixProcessRunner().run(command);
}
const std::string kProgram = ENVFORGE_PROGRAM;

class CutOutput : public ::testing::TestWithParam<std::string> {};

TEST_P(CutOutput, IsAnErrorWithItsCodeAndExitClass) {
  for (const char* output : {" >/dev/full", " >&-"}) {
    const auto outcome = in_shell(kProgram + " " + GetParam() + output);
    EXPECT_EQ(outcome.exit_code, 6) << GetParam() << output;
    EXPECT_THAT(outcome.err, HasSubstr("error[EF6003]")) << GetParam() << output;
  }
}

INSTANTIATE_TEST_SUITE_P(All, CutOutput,
                         ::testing::Values("explain --matrix", "explain --matrix --json", "--help", "--version",
                                           "verify --list --json", "render --json absent.yaml"));

// Every command that the first help names, and what stands below `data`.
TEST(Help, OfEveryCommandKeepsToEightyColumns) {
  std::vector<std::string> commands = {"", "data check", "data draft", "data update", "data pack"};
  const std::string first = in_shell(kProgram + " --help").out;
  for (const auto& line : support::split(first, '\n')) {
    const bool names = line.size() > 2 && line[0] == ' ' && line[1] == ' ' && line[2] >= 'a' && line[2] <= 'z';
    if (names) commands.push_back(line.substr(2, line.find_first_of(" ,", 2) - 2));
  }
  ASSERT_GT(commands.size(), 15U) << first;
  for (const auto& command : commands) {
    const auto outcome = in_shell(kProgram + " " + command + " --help");
    EXPECT_EQ(outcome.exit_code, 0) << command << outcome.err;
    for (const auto& line : support::split(outcome.out, '\n')) EXPECT_LE(line.size(), 80U) << command << ": " << line;
  }
}

TEST(APipe, WhoseReaderHasEnoughIsNotToldButTheExitCodeSaysIt) {
  const auto outcome = in_shell("{ " + kProgram + " explain --matrix --json; echo $? >&2; } | head -c 10");
  EXPECT_EQ(outcome.out.size(), 10U);
  EXPECT_EQ(outcome.err, "6\n");
}

}  // namespace
}  // namespace envforge::testing
