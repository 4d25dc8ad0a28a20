// Wheels of our own with fat binaries in their libraries, held against the shipped row of torch 2.6.0 cu124.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/app/check_data.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "support/app_world.hpp"
#include "support/archives.hpp"
#include "support/deflate.hpp"
#include "support/elf_builder.hpp"

namespace envforge::app {
namespace {

using testing::AppWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::NamedFiles;

constexpr unsigned kX86_64 = 62, kAarch64 = 183;

struct Kernels {
  std::vector<unsigned> sass = {50, 60, 70, 75, 80, 86, 90};
  std::vector<unsigned> ptx = {};
};

// Two fat binaries with the kernels, and one more with code for 9.0a alone.
std::string library(const Kernels& kernels, unsigned machine = kX86_64) {
  std::vector<tests::FatEntry> entries;
  for (const unsigned target : kernels.sass) entries.push_back({true, target, 0, 16});
  for (const unsigned target : kernels.ptx) entries.push_back({false, target, 0, 16});
  const std::string fat =
      tests::fat_binary(entries) + tests::fat_binary(entries) + tests::fat_binary({{true, 90, 'a', 8}});
  return tests::elf_library({"libtorch_cuda.so", {}, "", "", {{".nv_fatbin", fat}}, machine});
}

NamedFiles torch_wheel(const std::string& cuda_library) {
  return {{"torch/version.py",
           "from typing import Optional\n\n__all__ = ['__version__', 'cuda']\n__version__ = '2.6.0+cu124'\n"
           "cuda: Optional[str] = '12.4'\n"},
          {"torch/share/cmake/Torch/TorchConfig.cmake",
           "  set(TORCH_CXX_FLAGS \"-D_GLIBCXX_USE_CXX11_ABI=0\")\n    CXX_STANDARD 17\n"},
          {"torch/lib/libtorch_cuda.so", cuda_library}};
}

class WheelCode : public ::testing::Test {
 protected:
  std::string write(const NamedFiles& files) {
    const std::string path = at_.path("torch-2.6.0-cp312-cp312-manylinux1_x86_64.whl");
    support::write_file_atomically(path, testing::make_zip(files, testing::deflated));
    return path;
  }
  // "field: data -> found" of each difference.
  std::string told(const NamedFiles& files) {
    std::string text;
    for (const auto& one : check_wheels(at_.world(), {write(files)}).differences)
      text += one.field + ": " + one.data + " -> " + one.found + "\n";
    return text;
  }
  std::string refusal(const NamedFiles& files) {
    try {
      told(files);
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kUsage);
      return error.message();
    }
    return "";
  }

  AppWorld at_;
};

TEST_F(WheelCode, FindsNothingWhereTheWheelHasWhatTheRowSays) {
  const auto result = check_wheels(at_.world(), {write(torch_wheel(library({})))});
  EXPECT_TRUE(result.differences.empty());
  ASSERT_EQ(result.wheels.size(), 1U);
  const WheelFacts& wheel = result.wheels[0];
  EXPECT_EQ(wheel.torch, "2.6.0");
  EXPECT_EQ(wheel.cuda_variant, "cu124");
  EXPECT_EQ(wheel.platform, "linux/amd64");
  EXPECT_THAT(wheel.sass, ElementsAre("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90"));
  EXPECT_TRUE(wheel.ptx.empty());
  EXPECT_THAT(wheel.some_kernels, ElementsAre("sm_90a (1 of 2)")) << "code of some kernels is no code of the build";
  EXPECT_EQ(wheel.cxx11_abi, 0);
  EXPECT_EQ(wheel.cxx_standard, 17);
}

TEST_F(WheelCode, TellsMachineCodeAndPtxThatTheRowDoesNotHave) {
  EXPECT_EQ(told(torch_wheel(library({{50, 60, 75, 80, 86, 90, 100}, {120}}))),
            "sass: sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90 -> sm_50 sm_60 sm_75 sm_80 sm_86 sm_90 sm_100\n"
            "ptx: none -> compute_120\n");
}

TEST_F(WheelCode, TellsAnotherAbiAndStandard) {
  auto files = torch_wheel(library({}));
  files[1].second = "set(TORCH_CXX_FLAGS \"-D_GLIBCXX_USE_CXX11_ABI=1\")\nCXX_STANDARD 20\n";
  EXPECT_EQ(told(files), "cxx11_abi: 0 -> 1\ncxx_standard: 17 -> 20\n");
  files[1].second = "";
  EXPECT_EQ(told(files), "") << "what a wheel does not say is no difference";
}

TEST_F(WheelCode, LinearAlgebraCountsOnlyWhereItServesOtherGpus) {
  auto files = torch_wheel(library({}));
  files.push_back({"torch/lib/libtorch_cuda_linalg.so", library({{50, 60, 70, 80, 86, 90}})});
  EXPECT_EQ(told(files), "") << "code for 7.0 runs on 7.5";
  files.back().second = library({{37, 50, 60, 70, 75, 80, 86, 90, 100}});
  EXPECT_EQ(told(files), "") << "code for more GPUs than torch serves helps nobody";
  files.back().second = library({{80, 86, 90}});
  EXPECT_EQ(told(files), "linalg_sass: not known -> sm_80 sm_86 sm_90\n");
}

TEST_F(WheelCode, AWheelOfABuildWithoutARowIsADifference) {
  EXPECT_EQ(told(torch_wheel(library({}, kAarch64))), "row: none -> a wheel\n");
  auto files = torch_wheel(library({}));
  files[0].second = "__version__ = '99.0.0+cu124'\ncuda: Optional[str] = '12.4'\n";
  EXPECT_EQ(told(files), "row: none -> a wheel\n");
}

TEST_F(WheelCode, RefusesWhatIsNoWheelOfTorchWithCuda) {
  auto files = torch_wheel(library({}));
  files[0].second = "__version__ = '2.6.0+cpu'\ncuda: Optional[str] = None\n";
  EXPECT_THAT(refusal(files), HasSubstr("is no wheel of torch with CUDA: torch/version.py names no CUDA"));
  EXPECT_THAT(refusal({{"numpy/version.py", ""}}), HasSubstr("torch/version.py names no version"));
  files = torch_wheel("#!/bin/sh");
  EXPECT_THAT(refusal(files), HasSubstr("torch/lib/libtorch_cuda.so is no library"));
  files = torch_wheel(tests::elf_library({"libtorch_cuda.so", {}, "", "", {}}));
  EXPECT_THAT(refusal(files), HasSubstr("torch/lib/libtorch_cuda.so has no GPU code"));
  files.pop_back();
  EXPECT_THAT(refusal(files), HasSubstr("it has no torch/lib/libtorch_cuda.so"));
}

TEST_F(WheelCode, RefusesALibraryOfWhichOnlyAPartCanBeRead) {
  std::string fat = tests::fat_binary({{true, 80, 0, 8}, {true, 90, 0, 64}});
  fat.resize(fat.size() - 8);
  const auto wheel = write(torch_wheel(tests::elf_library({"libtorch_cuda.so", {}, "", "", {{".nv_fatbin", fat}}})));
  try {
    check_wheels(at_.world(), {wheel});
    ADD_FAILURE() << "half a list was taken for the whole";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kFileUnreadable);
    EXPECT_THAT(error.message(), HasSubstr("1 fat binaries of torch/lib/libtorch_cuda.so cannot be read"));
  }
}

TEST_F(WheelCode, ADraftTakesInWhatTheWheelProves) {
  testing::FakeUniverse universe;
  universe[""] = {{"torch", "2.6.0", {"nvidia-cuda-runtime-cu12==12.4.127"}, "cp312-cp312-manylinux1_x86_64"},
                  {"nvidia-cuda-runtime-cu12", "12.4.127", {}}};
  at_.python = testing::FakePythonResolver(std::move(universe));
  const std::string wheel = write(torch_wheel(library({{80, 90}, {90}})));
  const auto draft = draft_release(at_.world(), "2.6.0", {wheel});
  const auto& build = draft["builds"][0];
  EXPECT_EQ(build["platforms"]["linux/amd64"]["sass"], nlohmann::json({"sm_80", "sm_90"}));
  EXPECT_EQ(build["platforms"]["linux/amd64"]["ptx"], nlohmann::json({"compute_90"}));
  EXPECT_EQ(build["platforms"]["linux/amd64"]["sources"], nlohmann::json({"WHEEL"}));
  EXPECT_EQ(build["cxx11_abi"], 0);
  EXPECT_FALSE(build.contains("unverified"));
  EXPECT_THROW(draft_release(at_.world(), "2.7.0", {wheel}), support::Error) << "the wheel is of another release";
}

}  // namespace
}  // namespace envforge::app
