// Where packages come from and what they demand: pins of torch, wheels by their address, indexes of the site.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/app/lock_recipe.hpp>
#include <envforge/app/site_requests.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/app_world.hpp"
#include "support/lock_answers.hpp"

namespace envforge::app {
namespace {

using support::ErrorCode;
using ::testing::AllOf;
using testing::AppWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::recipe_text;
using testing::version_of;

/// torch 2.6.0 and 2.7.1 with a package whose versions each pin one of them.
class PinsTorch : public ::testing::Test {
 protected:
  PinsTorch() {
    auto universe = testing::shipped_torch_universe();
    universe[""].push_back({"xformers", "0.0.28", {"torch==2.6.0"}});
    universe[""].push_back({"xformers", "0.0.30", {"torch==2.7.1"}});
    universe[""].push_back({"strange", "1.0", {"torch==1.0.0"}});
    at_.python = testing::FakePythonResolver(universe);
  }
  LockResult lock(const std::string& torch, const std::string& pip) {
    return lock_recipe(at_.world(), at_.recipe(recipe_text(torch, "packages:\n  pip:\n    - " + pip + "\n")), {});
  }

  AppWorld at_;
};

TEST_F(PinsTorch, ThePackagesPinDecidesWithinWhatTheRecipeAllows) {
  const auto result = lock(">=2.6,<2.8", "xformers==0.0.28");
  const auto& locked = result.lock.platforms.at("linux/amd64");
  EXPECT_EQ(locked.torch, "2.6.0");
  EXPECT_EQ(version_of(result.lock, "torch"), "2.6.0");
  EXPECT_EQ(result.lock.spec.torch.version.value.text(), ">=2.6,<2.8") << "the wish stays the recipe's";
  const auto torch = std::find_if(locked.choices.begin(), locked.choices.end(),
                                  [](const auto& choice) { return choice.component == "torch"; });
  ASSERT_NE(torch, locked.choices.end());
  EXPECT_THAT(torch->reason, HasSubstr("xformers 0.0.28 needs torch==2.6.0"));
}

TEST_F(PinsTorch, TheNewestTorchThatTheRecipeAllowsGoesFirst) {
  EXPECT_EQ(lock(">=2.6,<2.8", "xformers").lock.platforms.at("linux/amd64").torch, "2.7.1");
}

TEST_F(PinsTorch, AConflictIsToldWithBothLinesAndWaysOutThatWereSolved) {
  const auto error = error_of([&] { lock("2.7", "xformers==0.0.28"); });
  EXPECT_EQ(error.code(), ErrorCode::kPythonConflict);
  ASSERT_TRUE(error.where());
  EXPECT_EQ(error.where()->line, 9);
  EXPECT_THAT(error.message(), HasSubstr("xformers 0.0.28 needs torch==2.6.0"));
  EXPECT_THAT(error.notes(), Contains(HasSubstr("- torch 2.7 (")));
  EXPECT_THAT(error.notes(), Contains(HasSubstr("1. torch.version: \"2.6.0\"")));
  EXPECT_THAT(error.notes(), Contains(HasSubstr("2. packages.pip: \"xformers==0.0.30\"")));
  EXPECT_THAT(at_.files(), ElementsAre("env.yaml"));
}

TEST_F(PinsTorch, WhereNothingHelpsThatIsSaid) {
  const auto error = error_of([&] { lock("2.7", "strange==1.0"); });
  EXPECT_THAT(error.notes(), Contains(HasSubstr("torch==1.0.0 is no way out")));
  EXPECT_THAT(error.notes(), Contains(HasSubstr("No change of one of these lines helps")));
}

/// Packages with a version for each torch, and old ones that pin none.
class SeveralPins : public ::testing::Test {
 protected:
  SeveralPins() {
    universe_[""].push_back({"our-lib", "1.0", {"torch==2.6.0"}});
    universe_[""].push_back({"our-lib", "2.0", {"torch==2.7.0"}});
    universe_[""].push_back({"our-lib", "2.1", {"torch==2.5.1"}});
    universe_[""].push_back({"server", "0.1", {"torch>=2.1"}, "py3-none-any", false, 0, "2023-11-20T00:00:00Z"});
    universe_[""].push_back({"server", "0.8", {"torch==2.6.0"}, "py3-none-any", false, 0, "2025-02-01T00:00:00Z"});
    universe_[""].push_back({"loader", "0.3.dev5", {}});
    for (const char* torch : {"2.6.0", "2.7.0", "2.7.1"}) universe_[""].push_back({"torch", torch, {}});
  }
  LockResult lock(const std::string& torch, const std::string& pip) {
    at_.python = testing::FakePythonResolver(universe_);
    return lock_recipe(at_.world(), at_.recipe(recipe_text(torch, "packages:\n  pip:\n    - " + pip + "\n")), {});
  }

  testing::FakeUniverse universe_ = testing::shipped_torch_universe();
  AppWorld at_;
};

TEST_F(SeveralPins, EachTorchThatTheVersionsOfAPackageNeedIsTriedNewestFirst) {
  const auto result = lock(">=2.6,<2.8", "our-lib");
  EXPECT_EQ(result.lock.platforms.at("linux/amd64").torch, "2.7.0");
  EXPECT_EQ(version_of(result.lock, "our-lib"), "2.0");
  EXPECT_THAT(at_.events.notes, ElementsAre("our-lib 2.0 needs torch==2.7.0: torch 2.7.0 is tried"));
}

TEST_F(SeveralPins, ATorchThatUvRefusesIsFollowedByTheNext) {
  std::erase_if(universe_[""],
                [](const auto& package) { return package.name == "torch" && package.version == "2.7.0"; });
  const auto result = lock(">=2.6,<2.8", "our-lib");
  EXPECT_EQ(result.lock.platforms.at("linux/amd64").torch, "2.6.0");
  EXPECT_EQ(version_of(result.lock, "our-lib"), "1.0");
}

TEST_F(SeveralPins, TheWaysOutAreTheTorchesThatTheyNeedNewestFirst) {
  const auto error = error_of([&] { lock("2.7.1", "our-lib"); });
  EXPECT_THAT(error.notes(), Contains(HasSubstr("1. torch.version: \"2.7.0\"")));
  EXPECT_THAT(error.notes(), Contains(HasSubstr("2. torch.version: \"2.6.0\"")));
  EXPECT_THAT(error.notes(), Not(Contains(HasSubstr("2.5.1\""))));  // the index has no such torch
}

TEST_F(SeveralPins, AWayOutThatBreaksItsLineSaysSoAndOneFromBeforeTheTorchIsNone) {
  universe_[""].push_back({"our-lib", "3.0", {"torch==2.7.1"}});
  auto error = error_of([&] { lock("2.7.1", "our-lib<3"); });
  EXPECT_THAT(error.notes(), Contains(HasSubstr("packages.pip: \"our-lib==3.0\"")));
  EXPECT_THAT(error.notes(), Contains(HasSubstr("in place of 'our-lib<3', which it does not satisfy")));
  error = error_of([&] { lock("2.7.1", "server>=0.8"); });
  EXPECT_THAT(error.notes(), Contains(HasSubstr("1. torch.version: \"2.6.0\"")));
  EXPECT_THAT(error.notes(), Not(Contains(HasSubstr("server==0.1"))));
}

TEST_F(SeveralPins, ANewerPackageGoesBeforeANewerTorch) {
  const auto result = lock(">=2.6,<2.8", "server");
  EXPECT_EQ(result.lock.platforms.at("linux/amd64").torch, "2.6.0");
  EXPECT_EQ(version_of(result.lock, "server"), "0.8");
  EXPECT_THAT(result.warnings, Not(Contains(HasSubstr("server"))));
}

TEST_F(SeveralPins, APackageFromBeforeATorchThatIsFixedIsTold) {
  const auto result = lock("2.7.1", "server");
  EXPECT_EQ(version_of(result.lock, "server"), "0.1");
  EXPECT_THAT(result.warnings,
              Contains(HasSubstr("server 0.1 of 2023-11-20 is taken, from before torch 2.7.1; 0.8 goes with torch "
                                 "2.6.0: `torch: \"2.6.0\"` takes it")));
}

TEST_F(SeveralPins, APreReleaseThatNobodyAskedForIsTold) {
  EXPECT_THAT(lock("2.7.1", "loader").warnings,
              Contains(HasSubstr("loader 0.3.dev5 is taken, a pre-release that the recipe does not name")));
  EXPECT_THAT(lock("2.7.1", "loader==0.3.dev5").warnings, Not(Contains(HasSubstr("loader"))));
}

TEST_F(SeveralPins, WhatIsOldOnOnePlatformIsToldWithIt) {
  const std::string arm = "cp311-cp311-manylinux_2_28_aarch64", amd = "cp311-cp311-manylinux_2_28_x86_64";
  universe_[""].push_back({"reader", "0.1", {}, "py3-none-any", false, 0, "2023-11-20T00:00:00Z"});
  universe_[""].push_back({"reader", "0.8", {}, amd, false, 0, "2026-02-01T00:00:00Z"});
  universe_[""].push_back({"reader", "0.8", {"torch==2.12.1"}, arm, false, 0, "2026-02-01T00:00:00Z"});
  for (const char* torch : {"2.12.1", "2.13.0"}) universe_[""].push_back({"torch", torch, {}});
  universe_[""].push_back({"beta", "1.0", {}, amd});
  universe_[""].push_back({"beta", "0.9rc1", {}, arm});
  at_.python = testing::FakePythonResolver(universe_);
  const auto recipe = at_.recipe(
      recipe_text("2.13.0", "platforms: [linux/amd64, linux/arm64]\npackages:\n  pip: [reader, beta, loader]\n"));
  const auto warnings = lock_recipe(at_.world(), recipe, {}).warnings;
  EXPECT_THAT(warnings,
              Contains(HasSubstr("reader 0.1 of 2023-11-20 is taken on linux/arm64, from before torch 2.13.0")));
  EXPECT_THAT(warnings, Contains(HasSubstr("beta 0.9rc1 is taken on linux/arm64, a pre-release")));
  EXPECT_THAT(warnings, Contains(HasSubstr("loader 0.3.dev5 is taken, a pre-release")));
}

TEST_F(SeveralPins, APreReleaseIsToldWithWhatTheFinalVersionLacksOrTheLineThatTakesIt) {
  universe_[""].push_back({"parser", "4.9", {}, "py3-none-any", true});
  universe_[""].push_back({"config", "1.3", {"parser"}});
  universe_[""].push_back({"config", "1.4.0rc3", {}});
  EXPECT_THAT(lock("2.7.1", "config").warnings,
              Contains(AllOf(HasSubstr("config 1.4.0rc3 is taken"),
                             HasSubstr("with a final version parser is needed, which has no wheel that fits"),
                             HasSubstr("{source: parser==VERSION, pools: []}"))));
  universe_[""].push_back({"plain", "1.3", {}});
  universe_[""].push_back({"plain", "1.4.0rc3", {}});
  EXPECT_THAT(lock("2.7.1", "plain").warnings, Contains(HasSubstr("`plain<1.4.0` takes 1.3")));
}

TEST(LockPackages, AWheelThatItsRequirementDoesNotNameByHashIsRefusedAtItsLine) {
  AppWorld at;
  const std::string own = support::sha256_hex("numpy-2.2.0-py3-none-any.whl");
  const auto lock = [&](const std::string& hash) {
    support::write_file_atomically(at.path("requirements.txt"), "jupyterlab\nnumpy>=2 --hash=sha256:00 --hash=" + hash);
    return lock_recipe(at.world(), at.recipe(recipe_text("2.6", "packages: {requirements: requirements.txt}\n")), {});
  };
  EXPECT_EQ(version_of(lock("sha256:" + own).lock, "numpy"), "2.2.0");
  // The recipe is as it was locked, and the hashes of its file are not: the lock is no excuse.
  const auto error = error_of([&] { lock("sha256:" + std::string(64, '1')); });
  EXPECT_EQ(error.code(), ErrorCode::kRequirementHash);
  ASSERT_TRUE(error.where());
  EXPECT_EQ(error.where()->line, 2);
  EXPECT_THAT(error.where()->file, HasSubstr("requirements.txt"));
  EXPECT_THAT(error.notes(), Contains("numpy-2.2.0-py3-none-any.whl of https://pypi.org/simple has sha256:" + own));
}

TEST(LockPackages, AWheelByItsAddressIsLockedWithThatAddressAndItsHash) {
  AppWorld at;
  const std::string hash(64, 'a');
  const std::string url = "https://wheels.example.com/own-1.2-py3-none-any.whl";
  const auto recipe = at.recipe(recipe_text("2.6", "packages: {pip: [\"own @ " + url + "#sha256=" + hash + "\"]}\n"));
  const auto lock = lock_recipe(at.world(), recipe, {}).lock;
  EXPECT_EQ(version_of(lock, "own"), "1.2");
  for (const auto& wheel : lock.platforms.at("linux/amd64").wheels) {
    if (wheel.name != "own") continue;
    EXPECT_EQ(wheel.index, url);
    EXPECT_EQ(wheel.sha256, hash);
    EXPECT_TRUE(wheel.direct);
  }
  EXPECT_EQ(documents::write_lock(at.written_lock()), documents::write_lock(lock))
      << "the reader takes what was written";
  LockOptions always;
  always.always = true;
  EXPECT_FALSE(lock_recipe(at.world(), recipe, always).written);
  EXPECT_THAT(at.python.requests.back().preferences, Not(Contains(HasSubstr("own=="))));
}

/// An index of the site's own with our-lib, which needs our-base; PyPI has an our-base of somebody else's.
class SiteIndexes : public ::testing::Test {
 protected:
  SiteIndexes() {
    auto universe = testing::shipped_torch_universe();
    universe[""].push_back({"our-base", "9.9", {}});
    for (const char* tool : {"setuptools", "wheel", "ninja", "packaging"}) universe[""].push_back({tool, "1.0", {}});
    universe["site-internal"] = {{"our-lib", "1.0", {"our-base"}}, {"our-base", "1.0", {}}};
    at_.python = testing::FakePythonResolver(universe);
    auto& index = at_.site.indexes["internal"];
    index.url.value = "https://wheels.example.com/simple";
    index.packages = {"our-lib", "our-base"};
    index.credentials.value = at_.path("credentials");
    write_credentials("me:s3cret%40", 0600);
  }
  void write_credentials(const std::string& text, unsigned mode) {
    support::write_file_atomically(at_.path("credentials"), text + "\n", mode);
  }
  LockResult lock(const std::string& pip) {
    return lock_recipe(at_.world(), at_.recipe(recipe_text("2.6", "packages: {pip: [" + pip + "]}\n")), {});
  }

  AppWorld at_;
};

TEST_F(SiteIndexes, AreNamedOnceWhereABuildAsksToo) {
  lock("our-lib, our-base, \"made @ git+https://git.example.com/made@" + std::string(40, 'a') + "\"");
  std::size_t most = 0;
  for (const auto& request : at_.python.requests) most = std::max(most, request.indexes.size());
  EXPECT_EQ(most, 1U) << "an index stands in a request once";
}

TEST_F(SiteIndexes, GiveTheirPackagesAndTheLockNamesThemWithoutCredentials) {
  const auto result = lock("our-lib, our-base, numpy");
  EXPECT_EQ(version_of(result.lock, "our-base"), "1.0") << "not PyPI's 9.9";
  for (const auto& wheel : result.lock.platforms.at("linux/amd64").wheels)
    EXPECT_EQ(wheel.index == "https://wheels.example.com/simple", support::starts_with(wheel.name, "our-"))
        << wheel.name;
  const std::string text = documents::write_lock(result.lock);
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
  const auto& request =
      at_.python.requests.front().requirements.size() > 1 ? at_.python.requests.front() : at_.python.requests.back();
  ASSERT_EQ(request.indexes.size(), 1U);
  EXPECT_EQ(request.indexes[0].mirror, "https://me:s3cret%40@wheels.example.com/simple");
  const auto network = site_network(at_.world(), result.lock.platforms.at("linux/amd64"));
  ASSERT_EQ(network.mirrors.size(), 1U);
  EXPECT_EQ(network.mirrors[0].mirror, "https://me:s3cret%40@wheels.example.com/simple");
}

TEST_F(SiteIndexes, APackageOfTheirsIsNeverTakenFromPypiBecauseAnotherNeedsIt) {
  const auto error = error_of([&] { lock("our-lib"); });
  EXPECT_EQ(error.code(), ErrorCode::kPythonConflict);
  EXPECT_THAT(error.notes(), Contains(HasSubstr("our-base is needed by our-lib")));
  EXPECT_THAT(error.hint(), HasSubstr("packages.pip"));
}

TEST_F(SiteIndexes, CredentialsThatOthersCanReadOrThatAreNoneAreRefused) {
  write_credentials("me:s3cret", 0644);
  EXPECT_EQ(error_of([&] { lock("our-lib, our-base"); }).code(), ErrorCode::kFileUnreadable);
  for (const char* text : {"token", "me:a@b", "me:a b", "me:\"x"}) {
    write_credentials(text, 0600);
    const auto error = error_of([&] { lock("our-lib, our-base"); });
    EXPECT_EQ(error.code(), ErrorCode::kFileUnreadable) << text;
    EXPECT_THAT(support::format_error(error), Not(HasSubstr("me:a"))) << "what it holds is not shown";
  }
}

TEST_F(SiteIndexes, AreNotAskedWhereNoPackageOfTheirsIsWanted) {
  write_credentials("", 0644);
  lock("numpy");
  for (const auto& request : at_.python.requests) EXPECT_THAT(request.indexes, IsEmpty());
}

}  // namespace
}  // namespace envforge::app
