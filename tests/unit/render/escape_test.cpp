#include "escape.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <envforge/process/process.hpp>
#include <envforge/support/error.hpp>

namespace envforge::render {
namespace {

const std::vector<std::string> kHostile = {
    "",
    "plain",
    "two words",
    "$(touch /tmp/x)",
    "`id`",
    "$HOME ${HOME} $$",
    "it's",
    "say \"hi\"",
    "back\\slash\\",
    "a; rm -rf /",
    "a && b || c | d > e < f &",
    "# not a comment",
    "<<EOF",
    "*?[a-z]{1,2}~!",
    "\\",
    "'",
    "'\\''",
    "-n",
    "--mount=type=secret",
    "[\"a\"]",
    "größer ✓",
};

process::Command shell(const std::string& line) {
  process::Command command;
  command.argv = {"/bin/sh", "-c", line};
  return command;
}

template <class Call>
std::string refusal(Call call) {
  try {
    return "accepted: " + call();
  } catch (const support::Error& error) {
    return support::error_id(error.code()) + " " + error.message();
  }
}

TEST(ShellWord, IsReadByAShellAsExactlyItsValue) {
  process::PosixProcessRunner runner;
  for (const auto& value : kHostile) {
    const auto outcome = runner.run(shell("printf %s " + shell_word(value)));
    EXPECT_TRUE(outcome.ok()) << value;
    EXPECT_EQ(outcome.out, value);
  }
}

TEST(ShellWord, LeavesPlainWordsReadable) {
  EXPECT_EQ(shell_word("--requirements=/run/requirements/torch.txt"), "--requirements=/run/requirements/torch.txt");
  EXPECT_EQ(shell_word("2020-01-01T00:00:00Z"), "2020-01-01T00:00:00Z");
}

TEST(ShellWord, NeverBeginsALineThatTheDockerfileWouldDropAsAComment) {
  EXPECT_EQ(shell_word("# x").front(), '\'');
  EXPECT_EQ(shell_word("#x").front(), '\'');
}

TEST(Escapers, RefuseNewlinesAndControlCharacters) {
  const std::string newline = "a\nRUN evil";
  const std::string nul("a\0b", 3);
  EXPECT_THAT(refusal([&] { return shell_word(newline); }),
              ::testing::StartsWith("EF3501 'a\\x0ARUN evil' cannot stand in a RUN"));
  for (const auto& value : {newline, nul, std::string("a\rb"), std::string("a\x1b[2J")}) {
    EXPECT_THROW(shell_word(value), support::Error);
    EXPECT_THROW(assigned_value(value), support::Error);
    EXPECT_THROW(path_word(value), support::Error);
    EXPECT_THROW(flag_value(value), support::Error);
    EXPECT_THROW(image_reference(value), support::Error);
    EXPECT_THROW(comment_text(value), support::Error);
    EXPECT_THROW(label_name(value), support::Error);
    EXPECT_THROW(environment_name(value), support::Error);
  }
}

TEST(AssignedValue, QuotesWhatADockerfileWouldExpand) {
  EXPECT_EQ(assigned_value("WARN"), "WARN");
  EXPECT_EQ(assigned_value(""), "\"\"");
  EXPECT_EQ(assigned_value("a $(b) ${C}"), "\"a \\$(b) \\${C}\"");
  EXPECT_EQ(assigned_value("say \"hi\""), "\"say \\\"hi\\\"\"");
  EXPECT_EQ(assigned_value("back\\"), "\"back\\\\\"");
  EXPECT_EQ(assigned_value("cuda>=12.0"), "\"cuda>=12.0\"");
}

TEST(ExecForm, IsJson) {
  EXPECT_EQ(exec_form({"python", "-c", "print(\"a\\n\")"}), "[\"python\", \"-c\", \"print(\\\"a\\\\n\\\")\"]");
  EXPECT_EQ(exec_form({"a\nb", "\x7f"}), "[\"a\\u000ab\", \"\\u007f\"]");
  EXPECT_EQ(exec_form({}), "[]");
}

TEST(PathWord, RefusesWhatWouldBeExpandedOrSplit) {
  EXPECT_EQ(path_word("/workspace/src"), "/workspace/src");
  for (const char* value : {"/a b", "/$HOME", "/a*", "--from=x", "", "/a\"b"}) {
    EXPECT_THROW(path_word(value), support::Error) << value;
  }
}

TEST(FlagValue, RefusesTheSeparatorsOfAMount) {
  EXPECT_EQ(flag_value("debs/libstdc++6.deb"), "debs/libstdc++6.deb");
  for (const char* value : {"a,target=/etc", "a b", "a=b", "\"a\"", ""}) {
    EXPECT_THROW(flag_value(value), support::Error) << value;
  }
}

TEST(ImageReference, RefusesVariablesAndFlags) {
  EXPECT_EQ(image_reference("registry.example:5000/team/debian:12"), "registry.example:5000/team/debian:12");
  for (const char* value : {"$BASE", "--platform=x", "a AS b", ""}) {
    EXPECT_THROW(image_reference(value), support::Error) << value;
  }
}

TEST(Names, AreChecked) {
  EXPECT_EQ(environment_name("NCCL_DEBUG"), "NCCL_DEBUG");
  EXPECT_THROW(environment_name("1A"), support::Error);
  EXPECT_THROW(environment_name("A B"), support::Error);
  EXPECT_EQ(label_name("dev.envforge.lock-digest"), "dev.envforge.lock-digest");
  EXPECT_THROW(label_name("a=b"), support::Error);
}

}  // namespace
}  // namespace envforge::render
