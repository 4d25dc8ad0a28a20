// The completion scripts in the shells themselves: what a person sees after the tabulator key.
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/text.hpp>

#include "support/pseudo_terminal.hpp"

namespace envforge {
namespace {

using ::testing::Contains;
using ::testing::Not;

/// A shell with its own line editor, in which envforge completes but otherwise only says what it was called with.
struct LiveShell {
  const char* name;
  std::vector<std::string> flags;
  std::string set_up;
};
constexpr const char* kStandIn =
    "envforge() { if [ \"$1\" = completion ]; then $PROGRAM \"$@\"; else printf 'ran:'; printf '<%s>' \"$@\"; echo; "
    "fi; }; ";
const LiveShell kLiveBash = {"bash",
                             {"--norc", "-i"},
                             std::string("bind 'set enable-bracketed-paste off'; ") + kStandIn +
                                 "source <($PROGRAM completion bash); echo rea''dy"};
const LiveShell kLiveZsh = {
    "zsh",
    {"-f", "-i"},
    std::string("unsetopt zle_bracketed_paste prompt_sp; autoload -U compinit; compinit -u -D; ") + kStandIn +
        "source <($PROGRAM completion zsh); echo rea''dy"};
const LiveShell kLiveFish = {
    "fish",
    {"--no-config", "-i"},
    "function envforge; if test \"$argv[1]\" = completion; $PROGRAM $argv; else; printf 'ran:'; printf '<%s>' $argv; "
    "echo; end; end; $PROGRAM completion fish | source; echo rea''dy"};

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
                     "); COMP_LINE=\"${COMP_WORDS[*]}\"; COMP_CWORD=" + std::to_string(index) +
                     "; _envforge; printf '%s\\n' \"${COMPREPLY[@]}\"");
  }

  // What the program is called with after `keys`, in which a tabulator completes, as "<lock><--upgrade=torch>".
  std::string after_typing(const LiveShell& shell, const std::string& keys) {
    std::vector<std::string> argv = shell.flags;
    argv.insert(argv.begin(), runner_.find_programs(shell.name).front());
    testing::PseudoTerminal terminal(argv, folder_.path().string(),
                                     {{"HOME", folder_.path().string()},
                                      {"PROGRAM", program_},
                                      {"PS1", "$ "},
                                      {"TERM", "dumb"},
                                      {"LC_ALL", "C.UTF-8"}});
    terminal.type(shell.set_up);
    if (!terminal.wait_for("ready")) return "no shell: " + terminal.seen();
    terminal.type(keys);
    if (!terminal.wait_for("ran:")) return "did not run: " + terminal.seen();
    if (!terminal.wait_for("\n")) return "no end: " + terminal.seen();
    const auto from = terminal.seen().rfind("ran:") + 4;
    return support::trim(terminal.seen().substr(from, terminal.seen().find_first_of("\r\n", from) - from));
  }
  // The same in each shell, whatever it takes for the end of a word.
  void completes_behind_equals(const LiveShell& shell) {
    EXPECT_EQ(after_typing(shell, "envforge explain --why-not plat\tlinux/ar\t"),
              "<explain><--why-not><platform=linux/arm64>");
    EXPECT_EQ(after_typing(shell, "envforge explain --why-not torch=2.6.\t"), "<explain><--why-not><torch=2.6.0>");
    EXPECT_EQ(after_typing(shell, "envforge explain --upgrade=tri\t3.2.\t"), "<explain><--upgrade=triton=3.2.0>");
    EXPECT_EQ(after_typing(shell, "envforge explain --matrix --base=debian:13\t"),
              "<explain><--matrix><--base=debian:13>");
    EXPECT_EQ(after_typing(shell, "envforge verify --suite sta\t --gpus=al\t"),
              "<verify><--suite><standard><--gpus=all>");
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
  EXPECT_THAT(in_bash("init --gpu \"'RTX 509\"", 3), Contains("RTX 5090")) << "as it is between quotes";
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

TEST_F(Completion, KnowsWhatTheFilesHereHave) {
  support::write_file_atomically(folder_.path() / "envforge.lock",
                                 support::read_file(ENVFORGE_SOURCE "/tests/golden/documents/lock/v1/sample.lock"));
  EXPECT_THAT(in_bash("lock --upgrade-package torch", 3), Contains("torch"));
  EXPECT_EQ(after_typing(kLiveBash, "envforge lock --upgrade=torc\t"), "<lock><--upgrade=torch>");
  EXPECT_THAT(in_bash("explain --locks '*.lock' --pool ''", 5), Contains("ampere="));
  EXPECT_EQ(after_typing(kLiveBash, "envforge explain --locks envforge.lock --pool amp\t595\t"),
            "<explain><--locks><envforge.lock><--pool><ampere=595>");
  EXPECT_THAT(in_bash("explain --locks envforge.lock ''", 4), Contains("envforge.lock")) << "it takes several";
}

TEST_F(Completion, NamesTheImagesOfTheEngineUnlessItKeepsThePersonWaiting) {
  const auto docker = [&](const std::string& body) {
    support::write_file_atomically(folder_.path() / "docker", "#!/bin/sh\n" + body);
    std::filesystem::permissions(folder_.path() / "docker", std::filesystem::perms::owner_all);
  };
  const std::string ask = program_ + " --docker " + (folder_.path() / "docker").string() + " completion --line -- ";
  docker("echo 'team/train:v1\n<none>:<none>'\n");
  EXPECT_THAT(lines("sh", {}, ask + "verify team"), ::testing::ElementsAre("team/train:v1"));
  EXPECT_THAT(lines("sh", {}, ask + "diff team"), ::testing::ElementsAre("team/train:v1"));
  docker("sleep 30\n");
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(lines("sh", {}, ask + "verify team 2>&1"), ::testing::ElementsAre("")) << "and not a word";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST_F(Completion, InBashGoesOnBehindAnEqualsSignAndAColon) {
  completes_behind_equals(kLiveBash);
  EXPECT_EQ(after_typing(kLiveBash, "envforge init --base debian:13\t"), "<init><--base><debian:13>");
  EXPECT_EQ(after_typing(kLiveBash, "envforge init --gpu \"RTX 509\t"), "<init><--gpu><RTX 5090>");
  EXPECT_EQ(after_typing(kLiveBash, "envforge init --gpu RTX\\ 509\t"), "<init><--gpu><RTX 5090>");
}

TEST_F(Completion, InZshGoesOnBehindAnEqualsSign) {
  if (!is_here("zsh")) GTEST_SKIP() << "no zsh here (apt install zsh)";
  completes_behind_equals(kLiveZsh);
}

TEST_F(Completion, InFishGoesOnBehindAnEqualsSign) {
  if (!is_here("fish")) GTEST_SKIP() << "no fish here (apt install fish)";
  completes_behind_equals(kLiveFish);
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
