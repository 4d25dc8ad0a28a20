// "Why not", and "what would it change": each text is a golden, because people and issue threads quote it.
#include <envforge/resolve/what_if.hpp>

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "small_world.hpp"
#include "support/golden.hpp"
#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using compat::embedded;
using ::testing::HasSubstr;
using testing::SpecBuilder;

WhatIf ask(const SpecBuilder& spec, const std::string& question) {
  return what_if(spec.spec(), embedded(), read_question("--why-not", question));
}

void expect_text(const std::string& name, const SpecBuilder& spec, const std::string& question) {
  const auto golden = std::filesystem::path(ENVFORGE_SOURCE_DIR) / "tests/golden/resolve/what-if" / (name + ".txt");
  testing::expect_golden(golden, explain(ask(spec, question)));
}

SpecBuilder fleet() {
  return SpecBuilder()
      .torch("2.6")
      .include("torchvision")
      .pool({"V100"}, "535.183.06")
      .pool({"A100"}, "550.90.07")
      .pool({"H100"}, "580.65.06");
}

TEST(WhyNot, SaysWithPlaceAndRowWhatStandsAgainstIt) {
  expect_text("cuda121-torch26", fleet(), "cuda=12.1");
  expect_text("platform-arm64", fleet(), "platform=arm64");
  expect_text("python312", fleet(), "python=3.12");
}

TEST(WhyNot, SaysWhyItIsNotChosenAndWhatWouldChangeWhereItCouldBeHad) {
  expect_text("cuda118", fleet(), "cuda=11.8");
  expect_text("base-debian13", SpecBuilder().torch("2.8").pool({"L4"}, "570.86.15"), "base=debian:13");
}

TEST(WhyNot, AsksForALibraryThatOnlyABuildCanBring) {
  expect_text("cudnn-of-an-older-torch", SpecBuilder().torch("2.11").pool({"A100"}), "cudnn=9.1");
  expect_text("cudnn-of-a-sister-build", SpecBuilder().torch("2.6").pool({"A100"}), "cudnn=9.5");
  expect_text("nccl-nobody-has", SpecBuilder().torch("2.6").pool({"A100"}), "nccl=1.0");
}

TEST(WhyNot, QuotesTheKnownTroubleThatNamesTheLibraryAsItsWayOut) {
  const std::string text = explain(ask(SpecBuilder().torch("2.9").pool({"H100"}, "580.65.06"), "cudnn=9.15"));
  EXPECT_THAT(text, HasSubstr("conv3d in bfloat16"));
  EXPECT_THAT(text, HasSubstr("conv3d-bf16-memory"));
  EXPECT_THAT(text, HasSubstr("1. torch.version: \"2.10.0\""));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("leave out 9.15"))) << "that would be no answer to the question";
}

TEST(WhyNot, NeverSaysNoOfWhatIsNotKnown) {
  for (const char* text : {"torch=3.0", "cuda=14.0", "python=3.14t", "base=rockylinux:9"}) {
    const WhatIf answer = ask(fleet(), text);
    const std::string told = explain(answer);
    EXPECT_THAT(told, HasSubstr(" can be had with the rest of the recipe is not known")) << text;
    EXPECT_THAT(told, ::testing::Not(HasSubstr("cannot"))) << text;
    EXPECT_THAT(told, ::testing::Not(HasSubstr("would not\n"))) << text;
    EXPECT_TRUE(any_unknown(std::get<Conflict>(answer.asked).items)) << text;
    for (const PoolEffect& pool : answer.pools) EXPECT_TRUE(pool.unknown) << text;
  }
  EXPECT_FALSE(any_unknown(std::get<Conflict>(ask(fleet(), "cuda=12.1").asked).items));
}

TEST(WhyNot, SaysSoWhenItIsTheAnswer) {
  EXPECT_THAT(explain(ask(fleet(), "cuda=12.4")), HasSubstr("cuda 12.4 is what the recipe gives"));
  EXPECT_THAT(explain(ask(fleet(), "cudnn=9.1")), HasSubstr("cudnn 9.1 is what the recipe gives"));
}

TEST(Upgrade, SaysWhatChangesForWhichPool) {
  expect_text("upgrade-torch27", fleet(), "torch=2.7");
  expect_text("upgrade-torch215", fleet(), "torch=2.15");
}

TEST(WhyNot, RefusesAQuestionThatItDoesNotUnderstand) {
  for (const char* text : {"cuda", "cuda=", "cudda=12.1", "torch=new", "platform=riscv", "cuda=new", "python=new"}) {
    try {
      read_question("--why-not", text);
      ADD_FAILURE() << text;
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kUsage) << text;
    }
  }
}

// Whatever is asked: the answer is what the recipe with that line gives.
TEST(WhyNot, AgreesWithASearchThatTriesEverything) {
  int possible = 0, impossible = 0;
  for (unsigned world = 0; world < 16; ++world) {
    const compat::Knowledge knowledge = testing::small_world(world);
    const testing::Pythons pythons = testing::small_pythons(world);
    testing::Dice dice(world);
    for (int i = 0; i < 5; ++i) {
      const auto spec = testing::small_recipe(dice).spec();
      for (const char* text :
           {"cuda=12.4", "torch=2.7", "base=debian:13", "python=3.12", "python=3.13t", "nccl=2.26"}) {
        const auto answer = what_if(spec, knowledge, read_question("--why-not", text), pythons);
        auto changed = spec;
        const std::string value = std::string(text).substr(std::string(text).find('=') + 1);
        if (text[0] == 'c') changed.torch.cuda.value = value;
        if (text[0] == 't') changed.torch.version.value = *versions::VersionRange::parse(value);
        if (text[0] == 'b') changed.base.value = value;
        if (text[0] == 'p') changed.python.value = value;
        if (text[0] == 'n') {
          auto& libraries = changed.torch.libraries;
          std::erase_if(libraries, [](const auto& library) { return library.name == "nccl"; });
          libraries.push_back({"nccl", {*versions::VersionRange::parse_prefix(value), {}}});
        }
        const bool solved = std::holds_alternative<Solution>(answer.asked);
        ASSERT_EQ(solved, testing::Exhaustive(knowledge, pythons, changed).answer() != "conflict")
            << world << " " << text;
        ++(solved ? possible : impossible);
      }
    }
  }
  EXPECT_GT(possible, 5);
  EXPECT_GT(impossible, 50);
}

}  // namespace
}  // namespace envforge::resolve
