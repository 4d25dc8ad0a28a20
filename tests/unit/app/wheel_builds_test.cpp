// Packages that are built from their sources, on twins: what a lock says of them, when they are built, and which wheel
// counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "support/lock_answers.hpp"
#include "wheel_build_test.hpp"

namespace envforge::app {
namespace {

using nlohmann::json;
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

class WheelBuilds : public WheelBuildTest {};

TEST_F(WheelBuilds, ALockRecordsTheSourceAndTheToolsWithoutAnEngine) {
  at_.engine.missing = Error(ErrorCode::kNoEngine, "no engine here");
  const auto platform = lock().lock.platforms.at("linux/amd64");
  ASSERT_EQ(platform.builds.size(), 1U);
  EXPECT_EQ(platform.builds[0].name, "ops");
  EXPECT_EQ(platform.builds[0].sha256.size(), 64U);
  EXPECT_THAT(platform.builds[0].architectures, IsEmpty());
  std::vector<std::string> tools, debs;
  for (const auto& wheel : platform.build_wheels) tools.push_back(wheel.name);
  for (const auto& deb : platform.builder_debs) debs.push_back(deb.name);
  EXPECT_THAT(tools, ElementsAre("ninja", "packaging", "setuptools", "wheel"));
  EXPECT_THAT(debs, Contains("python3-dev"));
  EXPECT_THAT(debs, Not(Contains("git")));
  EXPECT_EQ(documents::built_wheel(platform, platform.builds[0]), nullptr);
}

TEST_F(WheelBuilds, TheBuildWritesTheHashOfTheWheelIntoTheLock) {
  build();
  const auto platform = written();
  const auto* wheel = documents::built_wheel(platform, platform.builds[0]);
  ASSERT_NE(wheel, nullptr);
  EXPECT_EQ(wheel->sha256, support::sha256_hex("wheel"));
  EXPECT_EQ(wheel->version, "1.0");
  EXPECT_EQ(compiled_, 1);
  EXPECT_THAT(networks_, ElementsAre("none")) << "a package's own code has no network";
}

TEST_F(WheelBuilds, ABuiltWheelIsNotBuiltAgainForTheSameKey) {
  build();
  const auto before = at_.written_lock();
  build();
  EXPECT_EQ(compiled_, 1);
  EXPECT_EQ(at_.written_lock(), before);
  // Another recipe, with another package beside it.
  fs::remove(at_.path("env.lock"));
  build("tags: [v1]\npackages:\n  pip: [numpy]\n  build: [{source: \"ops @ ./ops\", pools: []}]\n");
  EXPECT_EQ(compiled_, 1);
  EXPECT_NE(documents::built_wheel(written(), written().builds[0]), nullptr);
}

TEST_F(WheelBuilds, AnotherVariableOfTheBuildIsAnotherWheel) {
  const auto with = [](const std::string& value) {
    return "tags: [v1]\npackages:\n  build: [{source: \"ops @ ./ops\", pools: [], environment: {FORCE: " + value +
           "}}]\n";
  };
  build(with("one"));
  EXPECT_THAT(written().builds.at(0).environment, ElementsAre(::testing::Pair("FORCE", "one")));
  wheel_bytes_ = "other bytes";
  build(with("two"));
  EXPECT_EQ(compiled_, 2);
  EXPECT_EQ(documents::built_wheel(written(), written().builds[0])->sha256, support::sha256_hex("other bytes"));
  build(with("one"));
  EXPECT_EQ(compiled_, 2) << "its wheel was kept";
}

TEST_F(WheelBuilds, APackageThatRequiresABuiltOneGetsThatOneAndNoIndexIsAskedForIt) {
  const std::string with =
      "tags: [v1]\npackages:\n  pip: [uses-ops]\n  build: [{source: \"ops @ ./ops\", pools: []}]\n";
  const auto platform = lock(with).lock.platforms.at("linux/amd64");
  std::vector<std::string> wheels;
  for (const auto* list : {&platform.wheels, &platform.build_wheels}) {
    for (const auto& wheel : *list) wheels.push_back(wheel.name);
  }
  EXPECT_THAT(wheels, Contains("uses-ops"));
  EXPECT_THAT(wheels, Not(Contains("ops")));
  EXPECT_THAT(platform.builds.at(0).required_by, ElementsAre("uses-ops==1.0"));
  build(with);
  const auto* wheel = documents::built_wheel(written(), written().builds[0]);
  ASSERT_NE(wheel, nullptr);
  EXPECT_EQ(wheel->version, "1.0");
  // Held against others that require it only by a build, which therefore is another one.
  fs::remove(at_.path("env.lock"));
  build(kLocal);
  EXPECT_EQ(compiled_, 2);
}

TEST_F(WheelBuilds, AToolOfTheBuildsThatIsItselfBuiltIsHadFromTheIndexForThem) {
  support::write_file_atomically(at_.path("ninja/setup.py"), "setup()");
  const auto platform =
      lock("packages:\n  build: [{source: \"ninja @ ./ninja\", pools: []}]\n").lock.platforms.at("linux/amd64");
  EXPECT_THAT(platform.build_wheels, Contains(::testing::Field(&documents::LockedWheel::name, "ninja")));
  EXPECT_THAT(platform.wheels, Not(Contains(::testing::Field(&documents::LockedWheel::name, "ninja"))));
}

TEST_F(WheelBuilds, AVersionThatIsKnownBeforeTheBuildIsHeldAgainstWhatRequiresIt) {
  const auto error =
      error_of([&] { lock("packages:\n  pip: [uses-fast-ops]\n  build: [{source: fast-ops==2.0, pools: []}]\n"); });
  EXPECT_EQ(error.code(), ErrorCode::kPythonConflict);
  EXPECT_THAT(error.notes(), Contains(HasSubstr("uses-fast-ops")));
  ASSERT_TRUE(error.where());
  EXPECT_GT(error.where()->line, 1) << "the entry of packages.build";
}

constexpr const char* kTwo =
    "tags: [v1]\npackages:\n  build: [{source: \"user @ ./user\", pools: []}, {source: \"ops @ ./ops\", pools: []}]\n";

// The one that requires the other is built first: nobody knows the version of the other then.
TEST_F(WheelBuilds, OneThatIsBuiltMayRequireAnotherOne) {
  support::write_file_atomically(at_.path("user/setup.py"), "setup()");
  std::vector<json> left = {{{"name", "user"},
                             {"version", "3.0"},
                             {"filename", "user-3.0-py3-none-any.whl"},
                             {"machine_code", json::array()},
                             {"requires_built", {"ops<2,>=1.0"}}},
                            built_};
  const auto others = at_.engine.on_build;
  std::string list;
  at_.engine.on_build = [&](const engine::BuildRequest& request, const engine::OnBuildEvent& on_event) {
    const fs::path locked = fs::path(request.context_dir) / "requirements/locked.txt";
    if (fs::exists(locked)) list = support::read_file(locked.string());
    if (request.target != render::kBuiltTarget) return others(request, on_event);
    built_ = left.at(static_cast<std::size_t>(compiled_));
    return compile(request);
  };
  build(kTwo);
  EXPECT_EQ(compiled_, 2);
  EXPECT_THAT(list, HasSubstr("user==\n"));
  EXPECT_THAT(list, HasSubstr("ops==\n"));
  EXPECT_NE(documents::built_wheel(written(), written().builds[0]), nullptr);
  EXPECT_NE(documents::built_wheel(written(), written().builds[1]), nullptr);

  // Another version of the other one, later: what was kept is held against it.
  lock_recipe(at_.world(), at_.recipe(recipe_text("2.6", kTwo)), {});
  support::write_file_atomically(at_.path("ops/setup.py"), "setup('2')");
  left.push_back(built_);
  left.back()["version"] = "2.0";
  left.back()["filename"] = "ops-2.0-cp311-cp311-linux_x86_64.whl";
  const auto error = error_of([&] { build(kTwo); });
  EXPECT_EQ(error.code(), ErrorCode::kWheelBuild);
  EXPECT_EQ(error.message(), "user requires ops<2,>=1.0, and ops was built as version 2.0");
}

TEST_F(WheelBuilds, OtherFilesBesideTheRecipeAreAnotherSource) {
  build();
  support::write_file_atomically(at_.path("ops/setup.py"), "setup(2)");
  LockOptions locked;
  locked.mode = LockMode::kLocked;
  const auto stale = error_of([&] { lock(kLocal, "2.6", locked); });
  EXPECT_EQ(stale.code(), ErrorCode::kLockStale);
  EXPECT_THAT(stale.notes(), Contains(HasSubstr("ops @ ./ops")));
  build();
  EXPECT_EQ(compiled_, 2);
}

TEST_F(WheelBuilds, AMachineWithoutTheWheelBuildsItAgainToTheSameBytes) {
  build();
  fs::remove_all(at_.path("cache/built-wheels"));
  options_.lock.mode = LockMode::kFrozen;
  build();
  EXPECT_EQ(compiled_, 2);
  fs::remove_all(at_.path("cache/built-wheels"));
  wheel_bytes_ = "other bytes";
  const auto error = error_of([&] { build(); });
  EXPECT_EQ(error.code(), ErrorCode::kBuiltWheelDiffers);
  EXPECT_THAT(error.hint(), HasSubstr("--upgrade=ops"));
}

TEST_F(WheelBuilds, TheLockedWheelMayComeFromTheWheelFolder) {
  build();
  fs::remove_all(at_.path("cache/built-wheels"));
  wheel_bytes_ = "other bytes";
  support::write_file_atomically(at_.path("brought/" + std::string(kWheel)), "wheel");
  at_.site.wheels_dir = {at_.path("brought"), {}};
  options_.lock.mode = LockMode::kFrozen;
  const auto platform = written();
  const auto* wheel = documents::built_wheel(platform, platform.builds[0]);
  ASSERT_NE(wheel, nullptr);
  const auto error = error_of([&] { build(); });  // torch's own wheels are not in that folder
  EXPECT_EQ(compiled_, 1);
  EXPECT_NE(error.code(), ErrorCode::kBuiltWheelDiffers);
}

TEST_F(WheelBuilds, ALockThatMayNotChangeNeedsTheHash) {
  lock();
  options_.lock.mode = LockMode::kLocked;
  const auto error = error_of([&] { build(); });
  EXPECT_EQ(error.code(), ErrorCode::kBuiltWheelAbsent);
  EXPECT_THAT(error.message(), HasSubstr("--locked"));
  EXPECT_EQ(compiled_, 0);
  const auto rendered = error_of(
      [&] { render_recipe(at_.world(), at_.recipe(recipe_text("2.6", kLocal)), {}, "", at_.path("context")); });
  EXPECT_EQ(rendered.code(), ErrorCode::kBuiltWheelAbsent);
}

TEST_F(WheelBuilds, TheRenderedFolderHasTheWheelItself) {
  build();
  const auto files = render_recipe(at_.world(), at_.recipe(recipe_text("2.6", kLocal)), {}, "", at_.path("context"));
  EXPECT_THAT(files, Contains("wheels/built/" + std::string(kWheel)));
  EXPECT_EQ(support::read_file(at_.path("context/wheels/built/" + std::string(kWheel))), "wheel");
}

TEST_F(WheelBuilds, ABuildThatFailsTellsItsLastLinesAndLeavesNothing) {
  build_works_ = false;
  const auto error = error_of([&] { build(); });
  EXPECT_EQ(error.code(), ErrorCode::kWheelBuild);
  EXPECT_THAT(error.notes(), Contains("error: no such header"));
  EXPECT_EQ(documents::built_wheel(written(), written().builds[0]), nullptr);
  EXPECT_FALSE(fs::exists(at_.path("cache/built-wheels")));
  EXPECT_FALSE(at_.tagged("team/env:v1"));
}

TEST_F(WheelBuilds, AWheelThatIsNotWhatWasAskedForIsRefused) {
  const auto refused = [&](const char* key, const json& value) {
    const json before = built_;
    built_[key] = value;
    const auto error = error_of([&] { build(); });
    built_ = before;
    EXPECT_EQ(error.code(), ErrorCode::kWheelBuild) << key;
    EXPECT_FALSE(fs::exists(at_.path("cache/built-wheels"))) << key;
  };
  refused("name", "other");
  refused("version", "1.0; rm");
  refused("filename", "ops-1.0 ;id-cp311-cp311-linux_x86_64.whl");
  refused("filename", "ops.tar.gz");
}

TEST_F(WheelBuilds, MachineCodeNeedsATorchThatACompilerCanBeHadFor) {
  const auto error = error_of([&] { lock("packages:\n  build: [\"ops @ ./ops\"]\n", "2.6"); });
  EXPECT_EQ(error.code(), ErrorCode::kNoVersionSet);
  const std::string notes = support::join(error.notes(), "\n");
  EXPECT_THAT(notes, HasSubstr("packages.build ops @ ./ops (" + at_.path("env.yaml") + ":8:11)"));
  EXPECT_THAT(notes, HasSubstr("compat/cuda.json: nvcc for CUDA 12"));
  EXPECT_THAT(notes, HasSubstr("packages.build.ops.pools: []"));
}

TEST_F(WheelBuilds, MachineCodeIsAskedForOnThePoolsAndNvccComesInTheToolkitsVersion) {
  const auto platform = lock("packages:\n  build: [\"ops @ ./ops\"]\n", "2.12.0").lock.platforms.at("linux/amd64");
  EXPECT_THAT(platform.builds.at(0).architectures, ElementsAre("sm_90"));
  EXPECT_THAT(platform.build_wheels, Contains(::testing::Field(&documents::LockedWheel::name, "nvidia-cuda-nvcc")));
  EXPECT_THAT(at_.python.requests,
              Contains(::testing::Field(&packages::PythonRequest::requirements, Contains("nvidia-cuda-nvcc==13.0.*"))));
}

TEST_F(WheelBuilds, AWheelWithoutMachineCodeForAPoolsGpuIsRefused) {
  const std::string recipe = recipe_text("2.12.0", "tags: [v1]\npackages:\n  build: [\"ops @ ./ops\"]\n");
  const auto build_it = [&](const json& codes) {
    built_["machine_code"] = codes;
    return error_of([&] { build_image(at_.world(), at_.recipe(recipe), options_); });
  };
  for (const json& codes : {json::array(), json{"sm_80"}, json{"sm_100"}}) {
    const auto error = build_it(codes);
    EXPECT_EQ(error.code(), ErrorCode::kWheelBuild) << codes;
    EXPECT_THAT(error.message(), HasSubstr("no machine code for sm_90")) << codes;
  }
  EXPECT_NE(build_it({"sm_80", "sm_90"}).code(), ErrorCode::kWheelBuild);
  EXPECT_EQ(documents::built_wheel(written(), written().builds[0])->name, "ops");
}

TEST_F(WheelBuilds, AnSdistIsLockedByItsHash) {
  const auto platform = lock("packages:\n  build: [{source: fast-ops==2.0, pools: [], needs: [psutil]}]\n")
                            .lock.platforms.begin()
                            ->second;
  ASSERT_EQ(platform.builds.size(), 1U);
  EXPECT_EQ(platform.builds[0].filename, "fast-ops-2.0.tar.gz");
  EXPECT_EQ(platform.builds[0].index, "https://pypi.org/simple");
  EXPECT_THAT(platform.build_wheels, Contains(::testing::Field(&documents::LockedWheel::name, "psutil")));
  const auto error = error_of([&] { lock("packages:\n  build: [{source: fast-ops==3.0, pools: []}]\n"); });
  EXPECT_EQ(error.code(), ErrorCode::kPythonConflict);
  EXPECT_TRUE(error.where().has_value());
}

TEST_F(WheelBuilds, ACommitUnderPipIsBuiltWithoutMachineCode) {
  const std::string commit(40, 'a');
  const auto platform = lock("packages:\n  pip: [numpy, \"lib @ git+https://git.example.com/lib@" + commit + "\"]\n")
                            .lock.platforms.begin()
                            ->second;
  ASSERT_EQ(platform.builds.size(), 1U);
  EXPECT_EQ(platform.builds[0].name, "lib");
  EXPECT_EQ(platform.builds[0].sha256, "");
  std::vector<std::string> debs;
  for (const auto& deb : platform.builder_debs) debs.push_back(deb.name);
  EXPECT_THAT(debs, Contains("git"));
}

TEST_F(WheelBuilds, UpgradingAPackageForgetsItsWheel) {
  build();
  LockOptions upgrade;
  upgrade.upgrade_only = {"ops"};
  const auto platform = lock(kLocal, "2.6", upgrade).lock.platforms.at("linux/amd64");
  EXPECT_EQ(documents::built_wheel(platform, platform.builds[0]), nullptr);
}

}  // namespace
}  // namespace envforge::app
