#include <gtest/gtest.h>

#include <envforge/process/process.hpp>

namespace envforge::process {
namespace {

Outcome outcome_of(Outcome::Kind kind) {
  Outcome outcome;
  outcome.kind = kind;
  return outcome;
}

TEST(Describe, SaysHowAProcessEndedInOneSentence) {
  Outcome outcome = outcome_of(Outcome::Kind::kExited);
  outcome.exit_code = 3;
  EXPECT_EQ(describe(outcome), "exited with 3");
  outcome = outcome_of(Outcome::Kind::kSignaled);
  outcome.signal = SIGKILL;
  EXPECT_EQ(describe(outcome), "was killed by signal 9 (SIGKILL)");
  EXPECT_EQ(describe(outcome_of(Outcome::Kind::kDeadline)), "passed its deadline");
  EXPECT_EQ(describe(outcome_of(Outcome::Kind::kInterrupted)), "was interrupted");
  outcome = outcome_of(Outcome::Kind::kNotStarted);
  outcome.err = "docker is not on PATH";
  EXPECT_EQ(describe(outcome), "could not be started: docker is not on PATH");
}

TEST(Describe, OnlyAnExitWithZeroIsOk) {
  Outcome outcome = outcome_of(Outcome::Kind::kExited);
  EXPECT_FALSE(outcome.ok());
  outcome.exit_code = 0;
  EXPECT_TRUE(outcome.ok());
  outcome.kind = Outcome::Kind::kDeadline;
  EXPECT_FALSE(outcome.ok());
}

TEST(ToShell, QuotesOnlyWhatAShellWouldChange) {
  EXPECT_EQ(to_shell({"docker", "run", "--gpus=all", "a b", "", "it's", "$HOME"}),
            R"(docker run --gpus=all 'a b' '' 'it'\''s' '$HOME')");
}

}  // namespace
}  // namespace envforge::process
