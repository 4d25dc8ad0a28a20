#include <envforge/app/lock_recipe.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/app/load_recipe.hpp>
#include <envforge/support/error.hpp>

#include "support/app_world.hpp"
#include "support/lock_answers.hpp"

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;
using testing::AppWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::recipe_text;
using testing::version_of;

const std::string kNumpy = "packages: {pip: [numpy]}\n";

LockOptions in_mode(LockMode mode) {
  LockOptions options;
  options.mode = mode;
  return options;
}

std::string deb_version_of(const documents::Lock& lock, const std::string& deb) {
  for (const auto& row : lock.platforms.at("linux/amd64").debs) {
    if (row.name == deb) return row.version;
  }
  return "absent";
}

TEST(LockRecipe, WritesEveryPackageWithItsHashBesideTheRecipe) {
  AppWorld at;
  const auto recipe = at.recipe(recipe_text("2.6", "packages: {pip: [numpy], apt: [git]}\n"));
  const auto result = lock_recipe(at.world(), recipe, {});
  EXPECT_TRUE(result.written);
  EXPECT_EQ(result.path, at.path("env.lock"));
  const auto lock = at.written_lock();
  EXPECT_EQ(documents::write_lock(lock), documents::write_lock(result.lock));
  const auto& locked = lock.platforms.at("linux/amd64");
  EXPECT_EQ(locked.torch, "2.6.0");
  EXPECT_EQ(locked.cuda_variant, "cu124");
  EXPECT_EQ(version_of(lock, "numpy"), "2.2.0");
  EXPECT_EQ(deb_version_of(lock, "git-man"), "2.39") << "what git needs is locked too";
  EXPECT_FALSE(locked.tools.empty());
  EXPECT_FALSE(locked.builder_debs.empty());
  for (const auto& wheel : locked.wheels) EXPECT_EQ(wheel.sha256.size(), 64U) << wheel.name;
  for (const auto* debs : {&locked.debs, &locked.base.debs, &locked.builder_debs}) {
    for (const auto& deb : *debs) EXPECT_EQ(deb.sha256.size(), 64U) << deb.name;
  }
  EXPECT_EQ(locked.base.kind, documents::BaseKind::kBootstrap) << "no registry answers here";
  EXPECT_FALSE(locked.choices.empty());
}

TEST(LockRecipe, TheSameRecipeGivesTheSameBytes) {
  AppWorld one;
  AppWorld two;
  lock_recipe(one.world(), one.recipe(recipe_text("2.6", kNumpy)), {});
  lock_recipe(two.world(), two.recipe(recipe_text("2.6", kNumpy)), {});
  EXPECT_EQ(documents::lock_digest(one.written_lock()), documents::lock_digest(two.written_lock()));
}

TEST(LockRecipe, LockedAndFrozenRefuseWhereNoLockIs) {
  AppWorld at;
  const auto recipe = at.recipe(recipe_text("2.6"));
  for (const auto mode : {LockMode::kLocked, LockMode::kFrozen}) {
    const auto error = error_of([&] { lock_recipe(at.world(), recipe, in_mode(mode)); });
    EXPECT_EQ(error.code(), ErrorCode::kLockMissing);
    EXPECT_THAT(error.hint(), HasSubstr("envforge lock"));
  }
  EXPECT_THAT(at.python.requests, IsEmpty());
}

TEST(LockRecipe, LockedRefusesAChangedRecipeAndNamesTheChange) {
  AppWorld at;
  lock_recipe(at.world(), at.recipe(recipe_text("2.6")), {});
  const std::string before = support::read_file(at.path("env.lock"));
  const auto changed = at.recipe(recipe_text("2.6", kNumpy));
  const auto error = error_of([&] { lock_recipe(at.world(), changed, in_mode(LockMode::kLocked)); });
  EXPECT_EQ(error.code(), ErrorCode::kLockStale);
  EXPECT_THAT(error.notes(), Contains(HasSubstr("numpy")));
  EXPECT_EQ(support::read_file(at.path("env.lock")), before);
}

TEST(LockRecipe, LockedAcceptsWhatOnlyDecidesHowTheImageIsRunOrJudged) {
  AppWorld at;
  lock_recipe(at.world(), at.recipe(recipe_text("2.6")), {});
  const auto changed =
      at.recipe(recipe_text("2.6", "run: {shm: 16g}\ntags: [v1]\nsize: {max: 6GB}\nverify: {suite: quick}\n"));
  EXPECT_FALSE(lock_recipe(at.world(), changed, in_mode(LockMode::kLocked)).written);
}

TEST(LockRecipe, FrozenTakesTheLockAsItIsAndAsksNobody) {
  AppWorld at;
  lock_recipe(at.world(), at.recipe(recipe_text("2.6")), {});
  at.python.requests.clear();
  at.debs.requests.clear();
  const auto changed = at.recipe(recipe_text("2.7", kNumpy));
  EXPECT_EQ(lock_recipe(at.world(), changed, in_mode(LockMode::kFrozen)).lock, at.written_lock());
  EXPECT_THAT(at.python.requests, IsEmpty());
  EXPECT_THAT(at.debs.requests, IsEmpty());
}

TEST(LockRecipe, AnUnchangedRecipeIsNotResolvedAgain) {
  AppWorld at;
  const auto recipe = at.recipe(recipe_text("2.6"));
  lock_recipe(at.world(), recipe, {});
  at.python.requests.clear();
  EXPECT_FALSE(lock_recipe(at.world(), recipe, {}).written);
  EXPECT_THAT(at.python.requests, IsEmpty());
  LockOptions always;
  always.always = true;
  const std::string before = support::read_file(at.path("env.lock"));
  lock_recipe(at.world(), recipe, always);
  EXPECT_EQ(support::read_file(at.path("env.lock")), before);
  EXPECT_FALSE(lock_recipe(at.world(), recipe, always).written) << "resolved again, the bytes are the same";
  EXPECT_THAT(at.python.requests, Not(IsEmpty()));
}

class Relock : public ::testing::Test {
 protected:
  // A lock of the day before numpy 2.2.0 and git 2.40 came out.
  void SetUp() override {
    auto universe = testing::shipped_torch_universe();
    auto& shelf = universe[""];
    shelf.erase(
        std::remove_if(shelf.begin(), shelf.end(), [](const auto& package) { return package.version == "2.2.0"; }),
        shelf.end());
    at_.python = testing::FakePythonResolver(universe);
    lock_recipe(at_.world(), at_.recipe(recipe_text("2.6", "packages: {pip: [numpy], apt: [git]}\n")), {});
    ASSERT_EQ(version_of(at_.written_lock(), "numpy"), "2.1.0");
    at_.python = testing::FakePythonResolver(testing::shipped_torch_universe());
    auto mirror = testing::small_mirror();
    mirror.insert(mirror.begin(), {"git", "2.40", {"git-man"}});
    at_.debs = testing::FakeDebSource(mirror);
  }
  documents::Recipe changed() {
    return at_.recipe(recipe_text("2.6", "packages: {pip: [numpy, jupyterlab], apt: [git]}\n"));
  }

  AppWorld at_;
};

TEST_F(Relock, KeepsEveryPinThatStillFitsAndSaysWhatChanged) {
  const auto result = lock_recipe(at_.world(), changed(), {});
  EXPECT_TRUE(result.written);
  EXPECT_EQ(version_of(result.lock, "numpy"), "2.1.0");
  EXPECT_EQ(deb_version_of(result.lock, "git"), "2.39");
  EXPECT_EQ(version_of(result.lock, "jupyterlab"), "4.4.0");
  EXPECT_THAT(result.differences, Contains(HasSubstr("jupyterlab")));
  EXPECT_THAT(result.differences, Not(Contains(HasSubstr("numpy: "))));
}

TEST_F(Relock, UpgradeForgetsThePins) {
  LockOptions options;
  options.upgrade = true;
  const auto result = lock_recipe(at_.world(), changed(), options);
  EXPECT_EQ(version_of(result.lock, "numpy"), "2.2.0");
  EXPECT_EQ(deb_version_of(result.lock, "git"), "2.40");
}

TEST_F(Relock, UpgradeOfOnePackageKeepsTheOthers) {
  LockOptions options;
  options.upgrade_only = {"numpy"};
  const auto result = lock_recipe(at_.world(), changed(), options);
  EXPECT_EQ(version_of(result.lock, "numpy"), "2.2.0");
  EXPECT_EQ(deb_version_of(result.lock, "git"), "2.39");
}

TEST_F(Relock, APackageUpgradedAloneHasACutoffOfItsOwnAndTheBaseKeepsItsDate) {
  const auto before = at_.written_lock();
  LockOptions options;
  options.upgrade_only = {"numpy"};
  options.exclude_newer = "2030-01-01";
  const auto recipe = at_.recipe(recipe_text("2.6", "packages: {pip: [numpy], apt: [git]}\n"));
  const auto result = lock_recipe(at_.world(), recipe, options);
  EXPECT_EQ(version_of(result.lock, "numpy"), "2.2.0");
  EXPECT_EQ(result.lock.exclude_newer, before.exclude_newer);
  EXPECT_EQ(result.lock.platforms.at("linux/amd64").base, before.platforms.at("linux/amd64").base);
  EXPECT_THAT(result.lock.exclude_newer_of, ElementsAre(std::pair("numpy", "2030-01-01T00:00:00Z")));
  EXPECT_EQ(at_.python.requests.back().exclude_newer_of, result.lock.exclude_newer_of);
  EXPECT_THAT(result.differences, Contains("linux/amd64 wheel numpy: 2.1.0 -> 2.2.0"));
  for (const auto& wheel : before.platforms.at("linux/amd64").wheels) {
    if (wheel.name == "numpy") continue;
    EXPECT_EQ(version_of(result.lock, wheel.name), wheel.version) << wheel.name;
  }

  const auto again = lock_recipe(at_.world(), changed(), {});
  EXPECT_EQ(version_of(again.lock, "numpy"), "2.2.0") << "a later lock keeps it";
  EXPECT_EQ(again.lock.exclude_newer_of, result.lock.exclude_newer_of);
  LockOptions everything;
  everything.upgrade = true;
  EXPECT_THAT(lock_recipe(at_.world(), changed(), everything).lock.exclude_newer_of, IsEmpty());
}

TEST_F(Relock, ACutoffBesideTheRecipesOwnIsRefusedForTheNextLockWouldGoBack) {
  const auto recipe = at_.recipe(recipe_text("2.6", "packages: {pip: [numpy], exclude_newer: \"2025-06-01\"}\n"));
  LockOptions options;
  options.upgrade = true;
  options.exclude_newer = "2026-11-20";
  const auto error = error_of([&] { lock_recipe(at_.world(), recipe, options); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.what(), HasSubstr("packages.exclude_newer 2025-06-01"));
  options.exclude_newer = "2025-06-01";
  EXPECT_EQ(lock_recipe(at_.world(), recipe, options).lock.exclude_newer, "2025-06-01T00:00:00Z");
  options.exclude_newer = "last week";
  EXPECT_EQ(error_of([&] { lock_recipe(at_.world(), recipe, options); }).code(), ErrorCode::kUsage);
}

TEST_F(Relock, WhatWentFurtherThanTheRecipesCutoffIsNotTakenBackByAnUpgradeOfEverything) {
  const auto recipe = at_.recipe(recipe_text("2.6", "packages: {pip: [numpy], exclude_newer: \"2025-06-01\"}\n"));
  LockOptions options;
  options.upgrade_only = {"numpy"};
  options.exclude_newer = "2026-11-20";
  const std::pair<const std::string, std::string> apart{"numpy", "2026-11-20T00:00:00Z"};
  EXPECT_THAT(lock_recipe(at_.world(), recipe, options).lock.exclude_newer_of, ElementsAre(apart));
  LockOptions everything;
  everything.upgrade = true;
  EXPECT_THAT(lock_recipe(at_.world(), recipe, everything).lock.exclude_newer_of, ElementsAre(apart));
}

TEST_F(Relock, ACutoffThatIsToComeIsTakenWithAWarning) {
  LockOptions options;
  options.upgrade = true;
  options.exclude_newer = "2026-11-22";  // the clock of the tests stands at the 21st
  EXPECT_THAT(lock_recipe(at_.world(), changed(), options).warnings,
              Contains(HasSubstr("the cutoff 2026-11-22T00:00:00Z lies in the future")));
  options.exclude_newer = "2026-11-21";
  EXPECT_THAT(lock_recipe(at_.world(), changed(), options).warnings, Not(Contains(HasSubstr("future"))));
}

TEST_F(Relock, UpgradeOfOneDebianPackageKeepsTheWheels) {
  LockOptions options;
  options.upgrade_only = {"git"};
  const auto result = lock_recipe(at_.world(), changed(), options);
  EXPECT_EQ(deb_version_of(result.lock, "git"), "2.40");
  EXPECT_EQ(version_of(result.lock, "numpy"), "2.1.0");
  EXPECT_THAT(result.lock.exclude_newer_of, IsEmpty());
}

TEST_F(Relock, UpgradeOfAPackageThatIsNotLockedIsRefusedWithTheNearestName) {
  LockOptions options;
  options.upgrade_only = {"nunpy"};
  const auto error = error_of([&] { lock_recipe(at_.world(), changed(), options); });
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.hint(), HasSubstr("numpy"));
}

TEST_F(Relock, APackageThatCannotBeUpgradedIsToldWithItsVersion) {
  LockOptions options;
  options.upgrade_only = {"git-man", "uv"};
  const auto result = lock_recipe(at_.world(), changed(), options);
  EXPECT_THAT(result.stayed, ElementsAre(HasSubstr("git-man stays at 2.39"), HasSubstr("uv stays at 0.9.0")));
}

TEST_F(Relock, AnotherTorchMovesWithWhatBelongsToIt) {
  const auto result = lock_recipe(at_.world(), at_.recipe(recipe_text("2.7", kNumpy)), {});
  EXPECT_EQ(version_of(result.lock, "torch"), result.lock.platforms.at("linux/amd64").torch);
  EXPECT_THAT(version_of(result.lock, "torch"), HasSubstr("2.7."));
  EXPECT_EQ(version_of(result.lock, "numpy"), "2.1.0");
}

TEST_F(Relock, AFolderOfWheelsDecidesAnew) {
  at_.site.wheels_dir.value = at_.path("wheels");
  std::filesystem::create_directory(at_.path("wheels"));
  const auto result =
      lock_recipe(at_.world(), at_.recipe(recipe_text("2.6", "packages: {pip: [numpy], apt: [git]}\n")), {});
  EXPECT_TRUE(result.written) << "the recipe is the same, the source is not";
  EXPECT_EQ(version_of(result.lock, "numpy"), "2.2.0");
}

TEST_F(Relock, AFolderOfWheelsThatIsNotThereIsToldBeforeUvIsAsked) {
  at_.site.wheels_dir = {at_.path("wheels"), {"--wheels", 0, 0, {}}};
  const auto error = [&] {
    try {
      lock_recipe(at_.world(), at_.recipe(recipe_text("2.7", kNumpy)), {});
    } catch (const Error& caught) {
      return caught;
    }
    return Error(ErrorCode::kInternal, "it was taken");
  }();
  EXPECT_EQ(error.code(), ErrorCode::kFileUnreadable);
  EXPECT_THAT(error.message(), HasSubstr("the folder of wheels " + at_.path("wheels") + " is not there"));
  EXPECT_EQ(to_string(*error.where()), "--wheels");
}

TEST(LockRecipe, WithoutPackagesNobodyIsAskedAndNothingIsWritten) {
  AppWorld at;
  LockOptions options;
  options.packages = false;
  const auto result = lock_recipe(at.world(), at.recipe(recipe_text("2.6")), options);
  EXPECT_EQ(result.lock.platforms.at("linux/amd64").torch, "2.6.0");
  EXPECT_THAT(at.python.requests, IsEmpty());
  EXPECT_THAT(at.files(), ElementsAre("env.yaml"));
}

/// Locks 2.6, then a recipe that cannot be locked: the error, and the lock as it was.
struct Refusal {
  explicit Refusal(const std::string& more) {
    lock_recipe(at.world(), at.recipe(recipe_text("2.6")), {});
    const std::string before = support::read_file(at.path("env.lock"));
    const auto recipe = at.recipe(recipe_text("2.6", more));
    error = error_of([&] { lock_recipe(at.world(), recipe, {}); });
    unchanged = support::read_file(at.path("env.lock")) == before;
  }

  AppWorld at;
  Error error{ErrorCode::kInternal, ""};
  bool unchanged = false;
};

TEST(LockRecipe, APackageThatNobodyHasIsNamedWithItsLineInTheRecipe) {
  const Refusal pip("packages:\n  pip:\n    - nmupy\n");
  EXPECT_EQ(pip.error.code(), ErrorCode::kPythonConflict);
  ASSERT_TRUE(pip.error.where());
  EXPECT_EQ(pip.error.where()->line, 9);
  EXPECT_TRUE(pip.unchanged);

  const Refusal apt("packages:\n  apt:\n    - gti\n");
  EXPECT_EQ(apt.error.code(), ErrorCode::kDebConflict);
  ASSERT_TRUE(apt.error.where());
  EXPECT_EQ(apt.error.where()->line, 9);
  EXPECT_TRUE(apt.unchanged);
}

TEST(LockRecipe, WithoutAVersionSetTheOldLockStays) {
  AppWorld at;
  lock_recipe(at.world(), at.recipe(recipe_text("2.6")), {});
  const std::string before = support::read_file(at.path("env.lock"));
  const auto recipe = at.recipe(recipe_text("2.6", "python: \"3.7\"\n"));
  EXPECT_EQ(error_of([&] { lock_recipe(at.world(), recipe, {}); }).code(), ErrorCode::kNoVersionSet);
  EXPECT_EQ(support::read_file(at.path("env.lock")), before);
}

/// A twin that is interrupted when it is asked.
struct InterruptedPython : testing::FakePythonResolver {
  using FakePythonResolver::FakePythonResolver;
  std::variant<std::vector<packages::ResolvedWheel>, packages::PythonConflict> resolve(
      const packages::PythonRequest&) override {
    throw Error(ErrorCode::kInterrupted, "uv was interrupted");
  }
};
struct InterruptedDebs : testing::FakeDebSource {
  using FakeDebSource::FakeDebSource;
  std::variant<std::vector<packages::ResolvedDeb>, packages::DebConflict> resolve(
      const packages::DebRequest&) override {
    throw Error(ErrorCode::kInterrupted, "apt-get was interrupted");
  }
};

// The same world with other resolvers.
World resolving_by(const World& world, packages::PythonResolver& python, packages::DebSource& debs) {
  return {world.processes,  world.engine,
          python,           debs,
          world.files,      world.bases,
          world.knowledge,  world.site,
          world.events,     world.now,
          world.random_hex, world.version,
          world.commit,     world.report_secret_path,
          world.cache_dir};
}

TEST(LockRecipe, AnInterruptionIsToldAsOneAndLeavesNoLock) {
  AppWorld at;
  InterruptedPython python{testing::FakeUniverse()};
  InterruptedDebs debs{std::vector<testing::FakeDeb>()};
  const auto recipe = at.recipe(recipe_text("2.6"));
  const auto& world = at.world();
  World without_uv = resolving_by(world, python, world.debs), without_apt = resolving_by(world, world.python, debs);
  for (World* interrupted : {&without_uv, &without_apt}) {
    const auto error = error_of([&] { lock_recipe(*interrupted, recipe, {}); });
    EXPECT_EQ(error.code(), ErrorCode::kInterrupted);
    EXPECT_EQ(static_cast<int>(support::exit_code(error.code())), 130);
  }
  EXPECT_THAT(at.files(), ElementsAre("env.yaml"));
}

}  // namespace
}  // namespace envforge::app
