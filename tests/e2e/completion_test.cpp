// The completion scripts in the shells themselves: what a person sees after the tabulator key.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

namespace envforge {
namespace {

using ::testing::Contains;
using ::testing::Not;

class Completion : public ::testing::Test {
 protected:
  std::vector<std::string> lines(const std::string& shell, const std::vector<std::string>& flags,
                                 const std::string& script) {
    process::Command command;
    command.argv = {shell};
    command.argv.insert(command.argv.end(), flags.begin(), flags.end());
    command.argv.insert(command.argv.end(), {"-c", script});
    command.environment = std::map<std::string, std::string>{
        {"HOME", folder_.path().string()}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
    command.working_directory = folder_.path().string();
    command.deadline = std::chrono::minutes(1);
    const auto outcome = runner_.run(command);
    EXPECT_TRUE(outcome.ok()) << process::describe(outcome) << outcome.err;
    return support::split(support::trim(outcome.out), '\n');
  }
  bool is_here(const std::string& shell) { return !runner_.find_programs(shell).empty(); }
  // `words` are those behind the program's name, in the shell's own quoting.
  std::vector<std::string> in_bash(const std::string& words, int index) {
    return lines("bash", {"--norc"},
                 "source <(" + program_ + " completion bash); COMP_WORDS=(" + program_ + " " + words +
                     "); COMP_CWORD=" + std::to_string(index) + "; _envforge; printf '%s\\n' \"${COMPREPLY[@]}\"");
  }

  const std::string program_ = ENVFORGE_PROGRAM;
  support::TempDir folder_;
  process::PosixProcessRunner runner_;
};

TEST_F(Completion, InBashKnowsCommandsOptionsGpusVersionsAndRecipes) {
  EXPECT_THAT(in_bash("lo", 1), ::testing::ElementsAre("lock"));
  EXPECT_THAT(in_bash("''", 1), Contains("explain"));
  EXPECT_THAT(in_bash("lock --upg", 2), Contains("--upgrade"));
  EXPECT_THAT(in_bash("lock --upg", 2), Not(Contains("--gpus"))) << "verify's";
  EXPECT_THAT(in_bash("init --gpu H2", 3), Contains("H200"));
  EXPECT_THAT(in_bash("init --gpu \"'RTX 509\"", 3), Contains("RTX\\ 5090"));
  EXPECT_THAT(in_bash("init --torch 2.6", 3), Contains("2.6.0"));
  EXPECT_THAT(in_bash("data update --sh", 3), ::testing::ElementsAre("--sha256"));
  EXPECT_THAT(in_bash("data check --torch 2.6", 4), Contains("2.6.0"));
  EXPECT_THAT(in_bash("data check ''", 3), ::testing::ElementsAre("")) << "its parts are those of data alone";
  EXPECT_THAT(in_bash("lock --he", 2), ::testing::ElementsAre("--help"));
  EXPECT_THAT(in_bash("verify --only cublas", 3), Contains("cublas"));
  EXPECT_THAT(in_bash("verify --skip nccl.", 3), Contains("nccl.all-reduce-sizes"));
  support::write_file_atomically(folder_.path() / "mine.yaml", "schema: envforge/recipe/v1\n");
  support::write_file_atomically(folder_.path() / "other.yaml", "a: b\n");
  EXPECT_THAT(in_bash("build ''", 2), ::testing::ElementsAre("mine.yaml"));
}

TEST_F(Completion, InZshKnowsTheSame) {
  if (!is_here("zsh")) GTEST_SKIP() << "no zsh here (apt install zsh)";
  const std::string stubs = "compdef() { : }; compadd() { print -l -- ${(P)2} }; _files() { : }; ";
  const auto found = lines("zsh", {"-f"},
                           stubs + "source <(" + program_ + " completion zsh); words=(" + program_ +
                               " init --gpu H2); CURRENT=4; _envforge");
  EXPECT_THAT(found, Contains("H200"));
}

TEST_F(Completion, InFishKnowsTheSame) {
  if (!is_here("fish")) GTEST_SKIP() << "no fish here (apt install fish)";
  const std::string folder = program_.substr(0, program_.rfind('/'));
  const auto found = lines(
      "fish", {"--no-config"},
      "set -x PATH " + folder + " $PATH; envforge completion fish | source; " + "complete -C 'envforge init --gpu H2'");
  EXPECT_THAT(found, Contains("H200"));
}

}  // namespace
}  // namespace envforge
