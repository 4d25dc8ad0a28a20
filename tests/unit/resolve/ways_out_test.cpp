// What stands beside a no: drivers to write instead, pools to leave out, images for those that can be served.
#include <gmock/gmock.h>

#include "small_answers.hpp"

namespace envforge::resolve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::refuse;
using testing::SpecBuilder;

TEST(WaysOut, ASplitIsForThePlatformsOnWhichItsPoolsCanBe) {
  const Conflict conflict = refuse(SpecBuilder()
                                       .platforms({"linux/amd64", "linux/arm64"})
                                       .pool({"V100"}, "570.86.15")
                                       .pool({"GB200"}, "570.133.20"));
  ASSERT_EQ(conflict.split.size(), 2U) << explain(conflict);
  EXPECT_THAT(conflict.unserved, ::testing::IsEmpty());
  EXPECT_THAT(explain(conflict), HasSubstr("for pool0, on linux/amd64\n"));
  EXPECT_THAT(explain(conflict), HasSubstr("for pool1, on linux/arm64\n"));
  EXPECT_EQ(conflict.split[0].solution.platforms.size(), 1U);
}

TEST(WaysOut, NamesThePoolThatNoImageServesAndTheImagesForTheOthers) {
  const Conflict conflict = refuse(SpecBuilder()
                                       .torch(">=2.11")
                                       .pool({"K80"}, "575.51.03")
                                       .pool({"V100"}, "535.183.06")
                                       .pool({"RTX 5090"}, "590.44.01")
                                       .pool({"A100"}, "400.1"));
  ASSERT_EQ(conflict.split.size(), 2U) << explain(conflict);
  ASSERT_EQ(conflict.unserved.size(), 2U) << explain(conflict);
  EXPECT_EQ(conflict.unserved[0].pool, "pool0");
  EXPECT_EQ(conflict.unserved[1].pool, "pool3");
  const std::string text = explain(conflict);
  EXPECT_THAT(text, HasSubstr("Or 2 images for the pools without pool0, pool3:"));
  EXPECT_THAT(text, HasSubstr("No image serves pool pool0:"));
  EXPECT_THAT(text, HasSubstr("pool pool3:"));
}

TEST(WaysOut, APoolWithoutItsLastGpuIsLeftOutAsOneChange) {
  const Conflict conflict =
      refuse(SpecBuilder().pool({"K80"}, "470.82.01").pool({"V100"}, "535.54.03").pool({"RTX 5090"}, "570.86.16"));
  const std::string text = explain(conflict);
  EXPECT_THAT(text, HasSubstr("  1. target: leave out pool0\n"));
  EXPECT_THAT(text, Not(HasSubstr("target.pool0.")));
}

TEST(DriverOfAGpu, BeforeAllThatListItsCapabilityIsNotKnownAndWithinThemAWarning) {
  for (const auto& [gpu, driver, first] :
       {std::tuple("RTX 5090", "535.54.03", "R570"), std::tuple("sm_120", "565.57.01", "R570"),
        std::tuple("H100", "470.82.01", "R520"), std::tuple("B200", "550.54.14", "R570")}) {
    const Conflict conflict = refuse(SpecBuilder().pool({gpu}, driver));
    ASSERT_EQ(conflict.items.size(), 1U) << gpu;
    EXPECT_TRUE(conflict.items[0].unknown) << gpu;
    EXPECT_THAT(conflict.items[0].fact, HasSubstr(std::string("no driver older than ") + first)) << gpu;
    ASSERT_FALSE(conflict.remedies.empty()) << gpu;
    EXPECT_EQ(conflict.remedies[0].changes[0].key, "target.pool0.driver") << gpu;
    EXPECT_FALSE(conflict.remedies[0].solution.doubtful) << gpu;
  }
  // R570 lists other GPUs of 12.0: the table of releases is an upper bound within a branch.
  const Outcome within = resolve(SpecBuilder().pool({"GeForce RTX 5050"}, "570.86.16").spec(), compat::embedded());
  ASSERT_TRUE(std::holds_alternative<Solution>(within)) << explain(within);
  EXPECT_FALSE(std::get<Solution>(within).doubtful);
  EXPECT_THAT(explain(within), HasSubstr("does not list GeForce RTX 5050"));
}

TEST(WaysOut, OfATorchThatIsOlderThanTheDataAreTheOldest) {
  const Outcome outcome =
      resolve(SpecBuilder().torch("1.12.1").base("ubuntu:22.04").pool({"V100"}).spec(), compat::embedded());
  const auto& remedies = std::get<Conflict>(outcome).remedies;
  ASSERT_FALSE(remedies.empty());
  EXPECT_EQ(remedies.front().changes.front().to.substr(0, 2), "1.") << explain(outcome);
}

TEST(WaysOut, OfARangeWithoutVersionsSayThatNoneCanBeInIt) {
  const Outcome empty = resolve(SpecBuilder().torch(">=2.6,<2.5").pool({"A100"}).spec(), compat::embedded());
  EXPECT_THAT(explain(empty), HasSubstr("No version set satisfies the recipe."));
  EXPECT_THAT(explain(empty), HasSubstr("no version can be in '>=2.6,<2.5'"));
  const Outcome build = resolve(SpecBuilder().torch("2.6.0+cu118").pool({"A100"}).spec(), compat::embedded());
  EXPECT_THAT(explain(build), HasSubstr("version: \"2.6.0\" with cuda: cu118"));
}

// Torch 2.9 alone would leave CUDA 12.6 and 12.8: the sentence is about the lines of the conflict.
TEST(WaysOut, TellWhatTheOtherLinesOfTheConflictLeave) {
  const Outcome outcome =
      resolve(SpecBuilder().torch("2.9").cuda("13.0").pool({"V100"}, "580.65.06").spec(), compat::embedded());
  EXPECT_THAT(explain(outcome), HasSubstr("the other lines here leave CUDA"));
}

TEST(WaysOut, NameAnotherPlatformWhereTheRecipeAsksForOneThatTheGpuIsNotOf) {
  const Conflict arm = refuse(SpecBuilder().torch("2.14.0").platforms({"linux/arm64"}).pool({"T4"}, "580.65.06"));
  EXPECT_THAT(explain(arm), HasSubstr("platforms: \"linux/amd64\""));
  // Nobody gets Arm CPUs for an image.
  const Conflict intel = refuse(SpecBuilder().torch("2.6").cuda("12.4").pool({"RTX 5090"}, "580.65.06"));
  EXPECT_THAT(explain(intel), Not(HasSubstr("linux/arm64")));
}

// 2.7.0 cu118 may have code for K40, which its list, that nobody verified, does not tell.
TEST(WaysOut, ABuildThatMayFitIsNeverANo) {
  const Conflict conflict = refuse(SpecBuilder().torch("2.7.0").pool({"K40"}, "470.82.01"));
  EXPECT_THAT(explain(conflict),
              ::testing::AllOf(HasSubstr("No version set is known to satisfy the recipe."),
                               HasSubstr("11.8 is the last\n      toolkit for Kepler; torch 2.7.0 cu118"),
                               HasSubstr("note: torch 2.7.0 cu118 may fit")));
}

TEST(WaysOut, WhatIsCertainIsToldBeforeADriverThatIsNotKnown) {
  const Conflict conflict = refuse(SpecBuilder()
                                       .torch("2.14.0")
                                       .platforms({"linux/arm64"})
                                       .python("3.11")
                                       .base("ubuntu:22.04")
                                       .pool({"Jetson T4000"}, "540.4.0"));
  EXPECT_FALSE(any_unknown(conflict.items)) << explain(conflict);
  EXPECT_THAT(explain(conflict), HasSubstr("ubuntu:22.04 has Python 3.10"));
}

// triton 3.5 stands against 2.10, which the driver would run: not the driver, which stands against later ones.
TEST(WaysOut, NameWhatStandsAgainstTheNextNewerTorch) {
  const auto answer =
      resolve(SpecBuilder().library("triton", "3.5").pool({"A100"}, "550.90.07").spec(), compat::embedded());
  EXPECT_THAT(explain(answer), HasSubstr("the newest that fits; 2.10.0 does not: "));
  EXPECT_THAT(explain(answer), HasSubstr("requires triton\n      3.6.0"));
}

std::string first_way_out(const SpecBuilder& spec) {
  const Outcome outcome = resolve(spec.spec(), compat::embedded());
  const auto* conflict = std::get_if<Conflict>(&outcome);
  if (conflict == nullptr || conflict->remedies.empty()) return explain(outcome);
  const Change& change = conflict->remedies.front().changes.front();
  return change.key + " " + change.to;
}

TEST(WaysOut, OfATorchThatTheDataDoesNotKnowBeginWithItsNeighbour) {
  const auto torch = [](const std::string& range) { return SpecBuilder().torch(range).pool({"H100"}, "580.65.06"); };
  EXPECT_EQ(first_way_out(torch("2.6.3")), "torch.version 2.6.0");
  EXPECT_EQ(first_way_out(torch(">2.12.1,<2.13")), "torch.version 2.12.1");
  EXPECT_EQ(first_way_out(torch("9.9")), "torch.version 2.15.0");
  EXPECT_EQ(first_way_out(torch("1.12.1").base("ubuntu:22.04")), "torch.version 2.0.1");  // 1.13 has no sm_90
  // RTX 5090 needs more than 2.6: the nearest newer one.
  EXPECT_EQ(first_way_out(SpecBuilder().torch("2.6.3").pool({"RTX 5090"}, "580.65.06")), "torch.version 2.7.1");
  EXPECT_NE(explain(resolve(torch("2.6.3").spec(), compat::embedded())).find("2.6.0 and 2.7.0"), std::string::npos);
}

TEST(WaysOut, OfABaseBeginWithTheNearestReleaseOfItsDistribution) {
  const auto base = [](const std::string& name) { return SpecBuilder().torch("2.6").base(name).pool({"H100"}); };
  EXPECT_EQ(first_way_out(base("ubuntu:20.04")), "base ubuntu:22.04");
  EXPECT_EQ(first_way_out(base("ubuntu:30.04")), "base ubuntu:24.04");
  EXPECT_EQ(first_way_out(base("debian:11")), "base debian:12");
}

TEST(WaysOut, OfABaseWithoutGlibcSayThatItIsMusl) {
  for (const char* name : {"alpine:3.19", "python:3.12-alpine3.20"}) {
    const Outcome outcome = resolve(SpecBuilder().torch("2.6").base(name).pool({"H100"}).spec(), compat::embedded());
    const auto& conflict = std::get<Conflict>(outcome);
    ASSERT_EQ(conflict.items.size(), 1U);
    EXPECT_FALSE(conflict.items[0].unknown);
    EXPECT_NE(conflict.items[0].fact.find("C library is musl"), std::string::npos) << conflict.items[0].fact;
    EXPECT_NE(conflict.items[0].source.find("PyPI, files of torch"), std::string::npos);
    EXPECT_FALSE(conflict.remedies.empty());
  }
  const Outcome rocky = resolve(SpecBuilder().base("rockylinux:9").pool({"H100"}).spec(), compat::embedded());
  EXPECT_TRUE(std::get<Conflict>(rocky).items[0].unknown);
}

TEST(WaysOut, LeaveOutAPoolOfWhichSeveralLinesAreTooMuch) {
  const Conflict conflict = refuse(SpecBuilder().pool({"A100"}, "595.45.04").pool({"K80", "RTX 5090"}, "560.35.05"));
  EXPECT_THAT(explain(conflict), HasSubstr("target: leave out pool1"));
}

// T4 goes with torch 2.15 where its machines are what they are.
TEST(WaysOut, NameThePlatformThatTheRecipeAsksForAndTheTorchesThatServeItThere) {
  const Conflict conflict = refuse(SpecBuilder().torch("2.15").platforms({"linux/arm64"}).pool({"T4"}, "595.45.04"));
  const std::string text = explain(conflict);
  EXPECT_THAT(text, HasSubstr("with platform linux/arm64"));
  EXPECT_THAT(text, Not(HasSubstr("is served by torch 1.13.0")));
  EXPECT_THAT(text, HasSubstr("platforms: \"linux/amd64\""));
}

}  // namespace
}  // namespace envforge::resolve
