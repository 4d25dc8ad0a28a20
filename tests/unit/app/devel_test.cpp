// `variant: devel` on twins: what the lock has of a compiler and a toolkit, and that the rest is that of the runtime.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/app/build_image.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "support/app_world.hpp"
#include "support/lock_answers.hpp"

namespace envforge::app {
namespace {

using documents::LockedPlatform;
using support::ErrorCode;
using testing::AppWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using testing::recipe_text;

class Devel : public ::testing::Test {
 protected:
  Devel() {
    auto universe = testing::shipped_torch_universe();
    auto& shelf = universe[""];
    for (const char* tool : {"setuptools", "wheel", "ninja", "packaging", "nvidia-nvvm", "nvidia-cuda-crt"})
      shelf.push_back({tool, "13.0.1", {}, "py3-none-any", false, 0});
    shelf.push_back({"nvidia-cuda-nvcc", "13.0.1", {"nvidia-nvvm", "nvidia-cuda-crt"}, "py3-none-any", false, 0});
    shelf.push_back({"nvidia-cuda-nvcc", "13.2.1", {}, "py3-none-any", false, 0});
    for (const char* version : {"13.0.1", "13.3.5"})
      shelf.push_back({"nvidia-cuda-cccl", version, {}, "py3-none-any", false, 0});
    shelf.push_back({"torch", "2.12.0", {"setuptools"}, "cp311-cp311-manylinux_2_28_x86_64", false, 0});  // CUDA 13.0
    at_.python = testing::FakePythonResolver(universe);
  }

  LockedPlatform lock(const std::string& more, const std::string& torch = "2.12.0") {
    return lock_recipe(at_.world(), at_.recipe(recipe_text(torch, more)), {}).lock.platforms.at("linux/amd64");
  }

  AppWorld at_;
};

std::vector<std::string> names_of(const LockedPlatform& platform, bool toolkit) {
  std::vector<std::string> names;
  for (const auto& wheel : platform.wheels) {
    if (wheel.toolkit == toolkit) names.push_back(wheel.name);
  }
  return names;
}

std::vector<std::string> debs_of(const LockedPlatform& platform) {
  std::vector<std::string> names;
  for (const auto& deb : platform.debs) names.push_back(deb.name);
  return names;
}

TEST_F(Devel, LocksTheToolkitInItsVersionBesideThePackagesOfTheRuntime) {
  const auto runtime = lock("");
  const auto devel = lock("variant: devel\n");
  EXPECT_THAT(names_of(devel, true), ElementsAre("ninja", "nvidia-cuda-cccl", "nvidia-cuda-crt", "nvidia-cuda-nvcc",
                                                 "nvidia-nvvm", "packaging", "wheel"));
  EXPECT_EQ(names_of(devel, false), names_of(runtime, false)) << "setuptools is torch's own";
  EXPECT_THAT(devel.wheels, Contains(::testing::AllOf(Field(&documents::LockedWheel::name, "nvidia-cuda-nvcc"),
                                                      Field(&documents::LockedWheel::version, "13.0.1"))));
  EXPECT_THAT(debs_of(devel), IsSupersetOf({"g++", "libc6-dev", "python3-dev"}));
  EXPECT_THAT(debs_of(runtime), Not(Contains("g++")));
  EXPECT_THAT(devel.choices, Contains(Field(&documents::Choice::component, "nvcc")));
}

TEST_F(Devel, KeepsTheHeadersThatTorchItselfRequires) {
  const auto platform = lock("variant: devel\npackages: {pip: [nvidia-cuda-cccl]}\n");
  EXPECT_THAT(platform.wheels, Contains(::testing::AllOf(Field(&documents::LockedWheel::name, "nvidia-cuda-cccl"),
                                                         Field(&documents::LockedWheel::version, "13.3.5"),
                                                         Field(&documents::LockedWheel::toolkit, false))));
}

TEST_F(Devel, LockedAgainIsTheSameAndTheWayBackIsTold) {
  lock("variant: devel\n");
  const auto before = at_.written_lock();
  lock("variant: devel\ntags: [v1]\n");
  EXPECT_EQ(at_.written_lock(), before);
  const auto result = lock_recipe(at_.world(), at_.recipe(recipe_text("2.12.0", "")), {});
  EXPECT_THAT(result.differences, Contains(HasSubstr("nvidia-cuda-nvcc")));
  EXPECT_THAT(names_of(result.lock.platforms.begin()->second, true), ElementsAre());
}

TEST_F(Devel, PackagesThatAreBuiltTakeTheImagesOwnToolkit) {
  support::write_file_atomically(at_.path("ops/setup.py"), "setup()");
  const auto platform = lock("variant: devel\npackages:\n  build: [\"ops @ ./ops\"]\n");
  EXPECT_THAT(platform.builds.at(0).architectures, ElementsAre("sm_90"));
  EXPECT_TRUE(platform.build_wheels.empty()) << platform.build_wheels[0].name;
}

TEST_F(Devel, WithoutACompilerForItsTorchIsAConflictAtItsLine) {
  const auto error = error_of([&] { lock("variant: devel\n", "2.6"); });
  EXPECT_EQ(error.code(), ErrorCode::kNoVersionSet);
  EXPECT_THAT(error.notes(), Contains(::testing::AllOf(HasSubstr("variant devel ("), HasSubstr("env.yaml:7:10)"))));
  EXPECT_THAT(error.notes(), Contains(HasSubstr("variant: \"runtime\"")));
}

}  // namespace
}  // namespace envforge::app
