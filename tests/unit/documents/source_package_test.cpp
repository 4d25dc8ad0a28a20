// Packages that are built from their source: how a recipe names them, and how they stand in a lock.
#include <envforge/documents/source_package.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/documents/changes.hpp>
#include <envforge/documents/lock.hpp>
#include <envforge/documents/recipe_yaml.hpp>

#include "grammar.hpp"
#include "support/sample_lock.hpp"

namespace envforge::documents {
namespace {

using support::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";
const std::string kRepository = "git+https://git.example.com/team/lib";

Recipe recipe(const std::string& packages) {
  return read_recipe(
      "schema: envforge/recipe/v1\nimage: a\ntarget:\n  - {name: hopper, gpus: H100}\n  - {name: ampere, "
      "gpus: A100}\ntorch: \"2.6\"\npackages:\n" +
          packages,
      "r.yaml");
}

support::Error error_of(const std::string& packages) {
  try {
    recipe(packages);
  } catch (const support::Error& error) {
    return error;
  }
  ADD_FAILURE() << "accepted: " << packages;
  return {ErrorCode::kInternal, ""};
}

TEST(SourcePackage, IsAnSdistFilesBesideTheRecipeOrACommit) {
  EXPECT_EQ(parse_source("Flash_Attn==2.8.3"),
            (SourceAddress{SourceKind::kSdist, "flash-attn", "2.8.3", "", "", "", ""}));
  EXPECT_EQ(parse_source("ops @ ./native/ops"),
            (SourceAddress{SourceKind::kLocal, "ops", "", "native/ops", "", "", ""}));
  EXPECT_EQ(
      parse_source("lib@" + kRepository + "@" + kCommit + "#subdirectory=python/lib"),
      (SourceAddress{SourceKind::kGit, "lib", "", "", "https://git.example.com/team/lib", kCommit, "python/lib"}));
}

TEST(SourcePackage, OfAnotherFormIsRefused) {
  for (const std::string& source : {std::string("flash-attn"),
                                    std::string("flash-attn>=2"),
                                    std::string("x @ /abs"),
                                    std::string("x @ ./../up"),
                                    std::string("x @ ../up"),
                                    std::string("x @ ./a.whl"),
                                    std::string("torch==2.6.0"),
                                    std::string("x==1 ; true"),
                                    std::string("x @ https://h/x.tar.gz"),
                                    "x @ " + kRepository,
                                    "x @ " + kRepository + "@main",
                                    "x @ " + kRepository + "@" + kCommit.substr(1),
                                    "x @ " + kRepository + "@" + kCommit + "#egg=x",
                                    "x @ " + kRepository + "@" + kCommit + "#subdirectory=../y",
                                    "x @ git+ssh://git@h/x@" + kCommit,
                                    "x @ git+http://git.example.com/x@" + kCommit,
                                    "x @ git+https://user:secret@h/x@" + kCommit,
                                    "x @ hg+https://h/x@" + kCommit,
                                    "x[extra] @ " + kRepository + "@" + kCommit,
                                    "x @ " + kRepository + "@" + kCommit + " ; python_version > '3'",
                                    "x @ " + kRepository + ";id@" + kCommit})
    EXPECT_TRUE(check_build_source(source).has_value()) << source;
}

TEST(SourcePackage, ABranchIsRefusedWithTheCommandThatGivesItsCommit) {
  const auto error = error_of("  pip: [\"lib @ " + kRepository + "@main\"]\n");
  EXPECT_EQ(error.code(), ErrorCode::kBadRequirement);
  EXPECT_THAT(error.message(), HasSubstr("a branch, a tag"));
  EXPECT_THAT(error.hint(), HasSubstr("git ls-remote https://git.example.com/team/lib main"));
}

TEST(SourcePackage, CredentialsInAnAddressAreNotShown) {
  const auto refused = check_build_source("x @ git+https://user:hunter2@h/x@" + kCommit);
  ASSERT_TRUE(refused.has_value());
  EXPECT_THAT(refused->message + refused->hint, ::testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(refused->hint, HasSubstr("git_credentials"));
}

TEST(RecipeBuild, TakesASourceAloneOrWithItsPoolsAndNeeds) {
  const auto spec = recipe(
                        "  build:\n    - flash-attn==2.8.3\n    - {source: \"ops @ ./ops\", pools: [hopper], needs: "
                        "[psutil, \"pybind11>=2.12\"]}\n    - {source: \"plain @ ./plain\", pools: []}\n")
                        .spec;
  ASSERT_EQ(spec.build.size(), 3U);
  EXPECT_EQ(spec.build[0].source.value, "flash-attn==2.8.3");
  EXPECT_FALSE(spec.build[0].pools.has_value()) << "everywhere";
  EXPECT_THAT(*spec.build[1].pools, ElementsAre("hopper"));
  EXPECT_THAT(spec.build[1].needs, ElementsAre("psutil", "pybind11>=2.12"));
  EXPECT_TRUE(spec.build[2].pools->empty()) << "nowhere";
}

TEST(RecipeBuild, TakesVariablesOfTheBuildAsTheyAreWrittenAndRefusesItsOwnAtTheirPlace) {
  const auto spec =
      recipe("  build: [{source: a==1, environment: {FORCE_BUILD: true, FLAGS: \"-O1 $x\", N: 3}}]\n").spec;
  EXPECT_THAT(spec.build.at(0).environment,
              ElementsAre(Pair("FLAGS", "-O1 $x"), Pair("FORCE_BUILD", "true"), Pair("N", "3")));
  EXPECT_TRUE(spec.environment.empty()) << "the image has none of them";
  const auto error = error_of("  build:\n    - source: a==1\n      environment:\n        MAX_JOBS: 4\n");
  EXPECT_EQ(error.code(), ErrorCode::kRefusedVariable);
  EXPECT_THAT(error.message(), HasSubstr("follows from the builder's memory"));
  ASSERT_TRUE(error.where());
  EXPECT_EQ(error.where()->column, 9);
}

TEST(RecipeBuild, APoolThatTheTargetLacksIsRefusedWithTheNearest) {
  const auto error = error_of("  build: [{source: a==1, pools: [hoper]}]\n");
  EXPECT_EQ(error.code(), ErrorCode::kWrongValue);
  EXPECT_THAT(error.message(), HasSubstr("'hoper'"));
  EXPECT_THAT(error.hint(), HasSubstr("hopper"));
}

TEST(RecipeBuild, APackageIsBuiltOnceAndNotAlsoResolved) {
  for (const std::string& twice : {std::string("  pip: [ops]\n  build: [\"ops @ ./ops\"]\n"),
                                   std::string("  build: [\"ops @ ./ops\", ops==1.0]\n"),
                                   "  pip: [\"lib>=1\", \"lib @ " + kRepository + "@" + kCommit + "\"]\n"}) {
    EXPECT_EQ(error_of(twice).code(), ErrorCode::kDuplicateKey) << twice;
  }
}

TEST(RecipeBuild, ABuildNeedsNoAddress) {
  EXPECT_EQ(error_of("  build: [{source: a==1, needs: [\"x @ " + kRepository + "@" + kCommit + "\"]}]\n").code(),
            ErrorCode::kBadRequirement);
}

TEST(LockBuild, ItsKeyHoldsTheVariablesAndIsAsBeforeWithoutAny) {
  auto platform = testing::lock_with_builds().platforms.begin()->second;
  auto build = platform.builds.at(1);
  // Written down when builds had no variables: a wheel that was kept then is found.
  EXPECT_EQ(build_key("linux/amd64", platform, build),
            "22e4d9afa4616dcdb34bdf86b34483612fe1351b489ac35d34d16aa67b66252b");
  const auto key_with = [&](const std::string& value) {
    build.environment["FORCE_BUILD"] = value;
    return build_key("linux/amd64", platform, build);
  };
  EXPECT_NE(key_with("1"), build_key("linux/amd64", platform, platform.builds.at(1)));
  EXPECT_NE(key_with("1"), key_with("2"));
}

TEST(LockBuild, ReadsWhatItWrote) {
  const Lock lock = testing::lock_with_builds();
  EXPECT_EQ(read_lock(write_lock(lock), "x.lock"), lock);
}

TEST(LockBuild, AnOlderLockKeepsItsDigest) {
  const std::string text = write_lock(testing::complete_lock());
  EXPECT_EQ(text.find("\"builds\""), std::string::npos);
  EXPECT_EQ(text.find("\"build_wheels\""), std::string::npos);
  EXPECT_EQ(text.find("\"build\""), std::string::npos);
  EXPECT_EQ(text.find("\"toolkit\""), std::string::npos);
}

TEST(LockBuild, TheKeyIsOverWhatDecidesTheWheel) {
  const Lock lock = testing::lock_with_builds();
  const auto& platform = lock.platforms.begin()->second;
  const auto& build = platform.builds[1];
  const std::string key = build_key("linux/amd64", platform, build);
  EXPECT_EQ(key.size(), 64U);
  const auto with = [&](const auto& change) {
    auto other = platform;
    auto changed = build;
    change(other, changed);
    return build_key("linux/amd64", other, changed);
  };
  EXPECT_NE(key, with([](auto&, auto& b) { b.sha256[0] = 'f'; }));
  EXPECT_NE(key, with([](auto&, auto& b) { b.architectures.push_back("sm_80"); }));
  EXPECT_NE(key, with([](auto& p, auto&) { p.torch = "2.7.0"; }));
  EXPECT_NE(key, with([](auto& p, auto&) { p.cuda_variant = "cu130"; }));
  EXPECT_NE(key, with([](auto& p, auto&) { p.cxx11_abi = 1 - p.cxx11_abi; }));
  EXPECT_NE(key, with([](auto& p, auto&) { p.python = "3.13"; }));
  EXPECT_NE(key, with([](auto& p, auto&) { p.base.name = "debian:13"; }));
  EXPECT_NE(key, build_key("linux/arm64", platform, build));
  EXPECT_EQ(key, with([](auto& p, auto& b) { p.wheels.clear(), b.index = "folder"; }))
      << "where it lies, what is beside";
}

TEST(LockBuild, TheWheelOfABuildIsFoundByItsName) {
  const Lock lock = testing::lock_with_builds();
  const auto& platform = lock.platforms.begin()->second;
  ASSERT_NE(built_wheel(platform, platform.builds[0]), nullptr);
  EXPECT_EQ(built_wheel(platform, platform.builds[0])->sha256, testing::hex64('4'));
  EXPECT_EQ(built_wheel(platform, platform.builds[1]), nullptr);
}

TEST(LockBuild, WhatChangedNamesTheBuild) {
  const Lock before = testing::lock_with_builds();
  Lock after = before;
  after.platforms.begin()->second.builds[1].architectures = {"sm_80", "sm_90"};
  const auto changes = what_changed(before, after);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_THAT(changes[0].what, HasSubstr("build flash-attn"));
  EXPECT_THAT(changes[0].after, HasSubstr("for sm_80 sm_90"));
  Lock without = before;
  without.spec.build.clear();
  EXPECT_EQ(what_changed(without.spec, before.spec).size(), 2U) << "one line for each package";
}

}  // namespace
}  // namespace envforge::documents
