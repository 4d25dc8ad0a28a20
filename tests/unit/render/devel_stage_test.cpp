// The stage that builds packages from their sources: what is in it, what is not in the image, and who has a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include <envforge/render/render.hpp>

#include "support/sample_lock.hpp"

namespace envforge::render {
namespace {

using ::testing::HasSubstr;
using testing::hex64;
using testing::kPlatform;
using ::testing::Not;

const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";

documents::Lock lock_with_builds() {
  auto lock = testing::small_lock();
  auto& platform = lock.platforms.at(kPlatform);
  platform.builder_debs = {testing::deb("g++", '7')};
  platform.build_wheels = {testing::wheel("ninja", "1.13.0", false, '3')};
  platform.builds = {
      {"ops", "ops @ ./native/ops", "", "", hex64('1'), {}, {}},
      {"flash-attn", "flash-attn==2.8.3", "https://pypi.org/simple", "fa.tar.gz", hex64('2'), {}, {"sm_80", "sm_90"}},
      {"lib", "lib @ git+https://git.example.com/lib@" + kCommit + "#subdirectory=py", "", "", "", {}, {}}};
  return lock;
}

documents::Lock lock_with_wheels() {
  auto lock = lock_with_builds();
  lock.platforms.at(kPlatform).wheels.push_back(testing::wheel("ops", "1.0", false, '4', documents::kBuiltHere));
  return lock;
}

bool has_reference(const RenderedImage& image, const std::string& path) {
  return std::any_of(image.references.begin(), image.references.end(), [&](const auto& r) { return r.path == path; });
}

const Stage& stage(const RenderedImage& image, std::string_view name) {
  return *std::find_if(image.tree.stages.begin(), image.tree.stages.end(),
                       [&](const Stage& s) { return s.name == name; });
}

TEST(RenderDevel, HasTheImagesOwnEnvironmentUpToTheWheelsThatAreBuilt) {
  const auto image = render::render(lock_with_wheels(), kPlatform);
  const auto devel = render_devel(lock_with_wheels(), kPlatform);
  const auto& whole = stage(image, "environment").instructions;
  const auto& below = stage(devel, "environment").instructions;
  ASSERT_EQ(whole.size(), below.size() + 1) << "the layer of what was built";
  for (std::size_t i = 0; i < below.size(); ++i) EXPECT_EQ(whole[i], below[i]) << "the builder has each layer once";
  EXPECT_TRUE(has_reference(image, "wheels/built/ops-1.0-py3-none-any.whl"));
  EXPECT_FALSE(has_reference(devel, "wheels/built/ops-1.0-py3-none-any.whl"));
}

TEST(RenderDevel, FetchesEachSourceByItsHashAndRunsNothingOfIt) {
  const auto devel = render_devel(lock_with_builds(), kPlatform);
  const std::string text = std::regex_replace(devel.dockerfile, std::regex(" \\\\\n +"), " ");
  EXPECT_THAT(text, HasSubstr("fetch-sdist flash-attn fa.tar.gz " + hex64('2') + " /src/flash-attn"));
  EXPECT_THAT(text, HasSubstr("fetch-commit https://git.example.com/lib " + kCommit + " /src/lib"));
  EXPECT_TRUE(has_reference(devel, "sources/ops"));
  EXPECT_THAT(text, Not(HasSubstr("python -I /opt/from-source/build-wheel")));
}

TEST(RenderDevel, GivesCredentialsOfRepositoriesToTheStepThatFetchesFromOneOnly) {
  const auto devel = render_devel(lock_with_builds(), kPlatform);
  int with_secret = 0;
  for (const auto& instruction : stage(devel, kDevelTarget).instructions) {
    const auto* run = std::get_if<render::Run>(&instruction.kind);
    if (run == nullptr) continue;
    const bool secret = std::any_of(run->mounts.begin(), run->mounts.end(), [](const Mount& mount) {
      const auto* one = std::get_if<SecretMount>(&mount);
      return one != nullptr && one->id == kGitSecret;
    });
    with_secret += secret ? 1 : 0;
    EXPECT_EQ(secret, ::testing::Matches(::testing::Contains("/run/from_source/fetch-commit"))(run->commands[0].argv));
  }
  EXPECT_EQ(with_secret, 1);
  EXPECT_THAT(render::render(lock_with_wheels(), kPlatform).dockerfile, Not(HasSubstr(std::string(kGitSecret))));
}

TEST(RenderDevel, BringsAToolkitOnlyForMachineCode) {
  EXPECT_THAT(render_devel(lock_with_builds(), kPlatform).dockerfile, HasSubstr("cuda-home"));
  auto plain = lock_with_builds();
  plain.platforms.at(kPlatform).builds[1].architectures.clear();
  EXPECT_THAT(render_devel(plain, kPlatform).dockerfile, Not(HasSubstr("cuda-home")));
  // An image that has one needs no second.
  auto devel = lock_with_builds();
  devel.spec.variant.value = "devel";
  const std::string text = render_devel(devel, kPlatform).dockerfile;
  EXPECT_EQ(text.find("cuda-home"), text.rfind("cuda-home"));
  EXPECT_LT(text.find("cuda-home"), text.find(std::string(kDevelTarget)));
}

TEST(RenderWheelBuild, RunsThePackagesCodeInAStepWithNothingMounted) {
  const auto lock = lock_with_builds();
  const auto& platform = lock.platforms.at(kPlatform);
  const std::string text = render_wheel_build("envforge-borrowed:1", platform, platform.builds[1]);
  EXPECT_THAT(text, HasSubstr("FROM envforge-borrowed:1"));
  EXPECT_THAT(text, HasSubstr("build-wheel flash-attn /src/flash-attn"));
  EXPECT_THAT(text, HasSubstr("'sm_80 sm_90'"));
  EXPECT_THAT(text, Not(HasSubstr("--mount")));
  EXPECT_THAT(text, Not(HasSubstr("FORCE_BUILD")));
  EXPECT_THAT(render_wheel_build("a:1", platform, platform.builds[2]), HasSubstr("/src/lib/py"));
}

TEST(RenderWheelBuild, HasTheWheelsThatTheBuildNeedsInstalledBeforeItWithoutAnIndex) {
  const auto lock = lock_with_builds();
  const auto& platform = lock.platforms.at(kPlatform);
  const std::string wheel = "ops-1.0-cp311-cp311-linux_x86_64.whl";
  const std::string text = render_wheel_build("a:1", platform, platform.builds[1], {wheel});
  const auto install = text.find("--offline /opt/from-source/needed/" + wheel);
  EXPECT_NE(install, std::string::npos) << text;
  EXPECT_LT(text.find("COPY"), install);
  EXPECT_LT(install, text.find("build-wheel flash-attn"));
  EXPECT_THAT(render_wheel_build("a:1", platform, platform.builds[1]), Not(HasSubstr("uv pip")));
}

TEST(RenderWheelBuild, GivesTheVariablesOfThatPackageToItsScriptAlone) {
  auto lock = lock_with_builds();
  auto& platform = lock.platforms.at(kPlatform);
  platform.builds[0].environment = {{"FLAGS", "-O1 $x 'y'"}, {"FORCE_BUILD", "TRUE"}};
  const std::string text = render_wheel_build("a:1", platform, platform.builds[0]);
  EXPECT_THAT(text, HasSubstr(R"('FLAGS=-O1 $x '\''y'\''' FORCE_BUILD=TRUE)"));
  EXPECT_THAT(text, Not(HasSubstr("ENV "))) << "our own script reads the wheel in its own environment";
  EXPECT_THAT(render_wheel_build("a:1", platform, platform.builds[1]), Not(HasSubstr("FORCE_BUILD")));
  EXPECT_THAT(render_devel(lock, kPlatform).dockerfile, Not(HasSubstr("FORCE_BUILD")));
}

}  // namespace
}  // namespace envforge::render
