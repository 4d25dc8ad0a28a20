#include <envforge/support/secrets.hpp>

#include <gtest/gtest.h>

namespace envforge::support {
namespace {

TEST(MaskCredentials, OfEveryUrlInAText) {
  EXPECT_EQ(mask_credentials("-i https://user:secret@pypi.example.com/simple -f http://token@host:8080/x"),
            "-i https://***@pypi.example.com/simple -f http://***@host:8080/x");
  EXPECT_EQ(mask_credentials("x @ git+https://me:pw@host/x.git@main#egg=x"),
            "x @ git+https://***@host/x.git@main#egg=x");
}

TEST(MaskCredentials, AlsoOfAPasswordThatBreaksItsUrl) {
  EXPECT_EQ(mask_credentials("https://user:se/cret@host/a"), "https://***@host/a");
  EXPECT_EQ(mask_credentials("https://user:12/34@host/a b@c"), "https://***@host/a b@c");
  EXPECT_EQ(mask_credentials("https://user:se#cret@host"), "https://***@host");
  EXPECT_EQ(mask_credentials("-i https:/user:secret@host/x"), "-i ***@host/x");
  EXPECT_EQ(mask_credentials("https://#ser:secret@host"), "https://***@host");
  EXPECT_EQ(mask_credentials("git+https://u:p@host:8080/x@main"), "git+https://***@host:8080/x@main");
  EXPECT_EQ(mask_credentials("https://a@b/,https://c:d@e/"), "https://***@b/,https://***@e/");
}

TEST(MaskCredentials, LeavesWhatHasNone) {
  for (const char* text : {"https://host/path", "git+https://host/x.git@main", "https://host:8080/x", "a@b.example",
                           "git@host:x/y.git", "debian:12@sha256:00", "://", ""})
    EXPECT_EQ(mask_credentials(text), text);
}

TEST(MaskArguments, HidesWhatAnOptionOrVariableOfASecretIsGiven) {
  const auto masked = [](std::vector<std::string> arguments) { return mask_arguments(std::move(arguments)); };
  EXPECT_EQ(masked({"env", "HF_TOKEN=abc", "python3", "train.py", "--token=abc", "--hub-token", "abc", "--lr", "1"}),
            (std::vector<std::string>{"env", "HF_TOKEN=***", "python3", "train.py", "--token=***", "--hub-token", "***",
                                      "--lr", "1"}));
  EXPECT_EQ(masked({"--api-key", "--verbose", "x", "--index", "https://u:p@host/"}),
            (std::vector<std::string>{"--api-key", "--verbose", "x", "--index", "https://***@host/"}));
  EXPECT_EQ(masked({"--tokenizer", "gpt2", "--max-tokens=5", "monkey=1"}),
            (std::vector<std::string>{"--tokenizer", "gpt2", "--max-tokens=5", "monkey=1"}));
}

}  // namespace
}  // namespace envforge::support
