#include "app/foreign_torch_group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/render/foreign_torch_group.hpp>

namespace envforge::app {
namespace {

using protocol::TorchFacts;
using ::testing::HasSubstr;
using ::testing::Not;

TorchFacts torch_26() {
  return {"", "/env/lib/python3.11/site-packages/torch", "2.6.0+cu124", "3.11", "ab12", "", "2.36", "3.4.30"};
}

TEST(ForeignTorchGroup, IsImpossibleWithoutTorchOrItsHeaders) {
  EXPECT_EQ(why_no_torch_group(torch_26()), "");
  TorchFacts facts = torch_26();
  facts.headers_digest.clear();
  EXPECT_THAT(why_no_torch_group(facts), HasSubstr("torch 2.6.0+cu124 has no C++ headers"));
  facts.none = "it has no Python environment, so no torch";
  EXPECT_EQ(why_no_torch_group(facts), facts.none);
}

TEST(ForeignTorchGroup, ThatNeedsANewerCLibraryThanTheImageHasIsNotUsed) {
  EXPECT_EQ(why_not_loadable(std::string("GLIBC_2.34\0GLIBCXX_3.4.29\0", 26), torch_26()), "");
  EXPECT_EQ(why_not_loadable(std::string("GLIBC_2.38\0", 11), torch_26()),
            "the compiled group needs glibc 2.38, the image has 2.36");
  EXPECT_EQ(why_not_loadable(std::string("GLIBCXX_3.4.32\0", 15), torch_26()),
            "the compiled group needs libstdc++ 3.4.32, the image has 3.4.30");
}

TEST(ForeignTorchGroup, IsCompiledInABaseWithTheImagesTorchMountedWhereItLies) {
  const std::string text = render::foreign_torch_group(
      {"envforge-subject:1", torch_26().folder, "", "base.tar", "", {"src/validator/checks/torch/build.sh"}});
  EXPECT_THAT(text, HasSubstr("FROM envforge-subject:1 AS image"));
  EXPECT_THAT(text, HasSubstr("ADD base.tar /"));
  EXPECT_THAT(text, HasSubstr("--mount=type=bind,from=image,source=/env/lib/python3.11/site-packages/torch,"
                              "target=/env/lib/python3.11/site-packages/torch"));
}

TEST(ForeignTorchGroup, IsCompiledByTheImageItselfWhereThatHasACompiler) {
  const std::string text = render::foreign_torch_group(
      {"envforge-subject:1", torch_26().folder, "", "", "/usr/bin/c++", {"src/validator/checks/torch/build.sh"}});
  EXPECT_THAT(text, HasSubstr("FROM image AS builder"));
  EXPECT_THAT(text, HasSubstr("CXX=/usr/bin/c++"));
  EXPECT_THAT(text, Not(HasSubstr("from=image")));
}

}  // namespace
}  // namespace envforge::app
