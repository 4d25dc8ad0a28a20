#include "app/foreign_torch_group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/engine/owner.hpp>
#include <envforge/render/foreign_torch_group.hpp>
#include <envforge/support/files.hpp>

#include "support/app_world.hpp"

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

// A kill -9 during the compiling leaves the name; the engine's contract tells who takes it away.
TEST(ForeignTorchGroup, IsCompiledUnderANameThatTellsItsOwnerAndGoesWithTheBuild) {
  envforge::testing::AppWorld at;
  auto& fake = at.engine;
  engine::ImageInfo theirs;
  theirs.id = "sha256:" + std::string(64, 'a');
  theirs.architecture = "amd64";
  fake.add_image("theirs:1", theirs);
  std::string name;
  fake.on_build = [&](const engine::BuildRequest& request, const engine::OnBuildEvent&) {
    const std::string text = support::read_file(std::filesystem::path(request.context_dir) / "Dockerfile");
    const auto from = text.find("FROM envforge-subject:") + 5;
    name = text.substr(from, text.find(' ', from) - from);
    EXPECT_EQ(engine::borrower_runs(name), true) << name;
    EXPECT_TRUE(fake.inspect_image(name));
    return engine::BuildResult{};
  };
  TorchFacts facts = torch_26();
  facts.compiler = "/usr/bin/c++";
  const auto group = torch_group_for_image(at.world(), *fake.inspect_image("theirs:1"), facts);
  EXPECT_THAT(group.why_absent, HasSubstr("it did not compile"));
  EXPECT_FALSE(fake.inspect_image(name)) << name;
  EXPECT_TRUE(fake.inspect_image("theirs:1"));
}

}  // namespace
}  // namespace envforge::app
