// `envforge init` before a person: what it asks, and what becomes of the answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/files.hpp>

#include "support/pseudo_terminal.hpp"

namespace envforge::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class InitAtATerminal : public ::testing::Test {
 protected:
  PseudoTerminal start(std::vector<std::string> words) const {
    words.insert(words.begin(), {ENVFORGE_PROGRAM, "init"});
    return PseudoTerminal(words, folder_.path().string(),
                          {{"HOME", folder_.path().string()}, {"XDG_DATA_HOME", ""}, {"TERM", "dumb"}});
  }
  std::string recipe() const { return support::read_file(folder_.path() / "envforge.yaml"); }

  support::TempDir folder_;
};

TEST_F(InitAtATerminal, AsksForWhatNoFlagSaysAndWritesTheAnswers) {
  auto person = start({});
  ASSERT_TRUE(person.wait_for("GPUs that the image must run on")) << person.seen();
  person.type("V100, H100");
  ASSERT_TRUE(person.wait_for("Their driver")) << person.seen();
  person.type("535.183.06");
  ASSERT_TRUE(person.wait_for("PyTorch's version [auto]: ")) << person.seen();
  person.type("2.6");
  ASSERT_TRUE(person.wait_for("The image's name [pytorch-cuda]: ")) << person.seen();
  person.type("");
  EXPECT_EQ(person.finish(), 0) << person.seen();
  EXPECT_THAT(person.seen(), HasSubstr("wrote envforge.yaml"));
  EXPECT_THAT(person.seen(), HasSubstr("torch 2.6.0, CUDA 12.4"));
  for (const char* answer : {"V100", "H100", "535.183.06", "2.6", "image: \"pytorch-cuda\""})
    EXPECT_THAT(recipe(), HasSubstr(answer));
}

TEST_F(InitAtATerminal, AsksNothingThatTheFlagsSay) {
  auto person = start({"--gpu", "H100", "--torch", "2.6"});
  EXPECT_EQ(person.finish(), 0) << person.seen();
  EXPECT_THAT(person.seen(), Not(HasSubstr("GPUs that the image must run on")));
  EXPECT_THAT(recipe(), HasSubstr("H100"));
}

TEST_F(InitAtATerminal, AsksAgainAtOnceForWhatARecipeDoesNotTake) {
  auto person = start({});
  const auto answer = [&](const std::string& question, const std::string& text, const std::string& told) {
    ASSERT_TRUE(person.wait_for(question)) << person.seen();
    person.type(text);
    ASSERT_TRUE(person.wait_for(told)) << person.seen();
  };
  answer("GPUs that the image must run on", "", "name one");
  answer("GPUs that the image must run on", "H100, RTX 509O", "did you mean");
  EXPECT_THAT(person.seen(), HasSubstr("RTX 5090"));
  person.type("H100");
  answer("Their driver", "RTX 5090", "driver 'RTX 5090'");
  person.type("580.65.06");
  answer("PyTorch's version", "nonsense", "'nonsense'");
  person.type("2.12.1");
  answer("The image's name", "Not A Name", "Not A Name");
  person.type("");
  EXPECT_EQ(person.finish(), 0) << person.seen();
  EXPECT_THAT(person.seen(), HasSubstr("wrote envforge.yaml"));
}

TEST_F(InitAtATerminal, AtTheEndOfTheInputNothingIsWritten) {
  auto person = start({});
  ASSERT_TRUE(person.wait_for("GPUs that the image must run on")) << person.seen();
  person.type("\x04");
  EXPECT_EQ(person.finish(), 2) << person.seen();
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "envforge.yaml"));
}

}  // namespace
}  // namespace envforge::testing
