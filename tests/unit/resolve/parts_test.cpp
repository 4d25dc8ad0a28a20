// torch.cudnn and its like, and packages that name a part of the torch build, on the shipped data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/resolve/explain.hpp>

#include "part_rules.hpp"
#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::SpecBuilder;

Outcome solve(const SpecBuilder& spec) {
  return resolve(spec.spec(), compat::embedded());
}

// "2.6.0 cu124", or the text of the conflict.
std::string build_of(const SpecBuilder& spec) {
  const Outcome outcome = solve(spec);
  const auto* solution = std::get_if<Solution>(&outcome);
  if (solution == nullptr) return explain(outcome);
  return solution->platforms[0].torch + " " + solution->platforms[0].cuda_variant;
}

SpecBuilder a100() {
  return SpecBuilder().pool({"A100"}, "580.65.06");
}

// What a person reads, whatever the breaks of the lines.
std::string words_of(const SpecBuilder& spec) {
  std::string text;
  bool space = false;
  for (const char c : explain(solve(spec))) {
    const bool blank = c == ' ' || c == '\n';
    if (!(blank && space)) text += blank ? ' ' : c;
    space = blank;
  }
  return text;
}

TEST(LibraryOfTheBuild, DecidesTheBuildThatBringsIt) {
  EXPECT_EQ(build_of(a100().library("cudnn", "9.5")), "2.7.1 cu126");
  EXPECT_EQ(build_of(a100().library("nccl", "2.21")), "2.7.1 cu118");
  EXPECT_EQ(build_of(a100().library("cublas", "12.4")), "2.6.0 cu124");
  EXPECT_EQ(build_of(a100().library("triton", "3.2")), "2.6.0 cu124");
  EXPECT_EQ(build_of(a100().library("cudnn", "9.1").library("nccl", ">=2.21,<2.26").cuda("12.4")), "2.6.0 cu124");
}

TEST(LibraryOfTheBuild, IsNamedInTheReasonOfItsVersion) {
  EXPECT_THAT(words_of(a100().library("cudnn", "9.10.2").torch("2.9")),
              HasSubstr("cudnn 9.10.2.21 asked for as '9.10.2', and required by torch 2.9.1 cu128"));
}

TEST(LibraryOfTheBuild, ThatTheTorchDoesNotBringIsAConflictWithSolvedWaysOutAndTheReportThatNamesIt) {
  const std::string text = words_of(a100().torch("2.9.1").library("cudnn", "9.15"));
  EXPECT_THAT(text, AllOf(HasSubstr("- torch 2.9.1 (recipe.yaml:3:1) the other lines here leave torch 2.10.0"),
                          HasSubstr("- cudnn 9.15 (recipe.yaml:8:1)"), HasSubstr("cudnn 9.10.2.21 and 9.13.0.50"),
                          HasSubstr("envforge puts nothing else in the place of what a build requires"),
                          HasSubstr("torch.cudnn: leave out 9.15"), HasSubstr("torch.version: \"2.10.0\"")));
  EXPECT_THAT(text, HasSubstr("the way out named there is cuDNN 9.15 or newer beside torch 2.9.1 "
                              "[compat/pytorch.json: known bad: conv3d-bf16-memory"));
}

TEST(LibraryOfTheBuild, ThatNoBuildIsKnownToBringIsNotKnown) {
  const Outcome outcome = solve(a100().library("nccl", "2.99"));
  const auto& conflict = std::get<Conflict>(outcome);
  ASSERT_EQ(conflict.items.size(), 1U);
  EXPECT_TRUE(conflict.items[0].unknown);
  EXPECT_THAT(explain(outcome), HasSubstr("No version set is known to satisfy the recipe"));
}

TEST(LibraryOfTheBuild, OfWhichTheRowSaysNothingIsTakenOnlyWhereTheVariantIsNamed) {
  const auto wanted = a100().torch("2.14").library("cudnn", "9.10");
  EXPECT_EQ(build_of(wanted), "2.14.0 cu126");
  const std::string named = words_of(a100().torch("2.14").cuda("cu129").library("cudnn", "9.10"));
  EXPECT_THAT(named, HasSubstr("warning: which cudnn torch 2.14.0 cu129 requires is not known to the data"));
}

TEST(LibraryOfTheBuild, TritonIsABringingOfThePythonToo) {
  const auto torch25 = SpecBuilder().torch("2.5").library("triton", "3.1").pool({"A100"});
  EXPECT_EQ(build_of(torch25), "2.5.1 cu124");
  EXPECT_THAT(words_of(SpecBuilder(torch25).base("debian:13")),
              AllOf(HasSubstr("base: \"debian:12\""), HasSubstr("torch.triton: leave out 3.1")));
}

TEST(PackageOfABuild, MustBeTheOneThatTheBuildBrings) {
  EXPECT_EQ(build_of(a100().package("nvidia-cudnn-cu12==9.1.0.70")), "2.6.0 cu124");
  EXPECT_EQ(build_of(a100().package("NVIDIA_NCCL.cu12 >= 2.28")), "2.14.0 cu126");
  EXPECT_EQ(build_of(a100().package("triton==3.3.0")), "2.7.0 cu126");
  EXPECT_EQ(build_of(a100().package("torch>=2.4,<2.6")), "2.5.1 cu124");
  EXPECT_EQ(build_of(a100().package("torch==2.6.0+cu126")), "2.6.0 cu126");
}

TEST(PackageOfABuild, ThatContradictsItIsAConflictAtItsPlace) {
  const std::string text = words_of(a100().torch("2.9.1").package("nvidia-cudnn-cu12==9.15.1.9"));
  EXPECT_THAT(text,
              AllOf(HasSubstr("- package nvidia-cudnn-cu12==9.15.1.9 (recipe.yaml:9:1) no torch build with it "
                              "is known"),
                    HasSubstr("packages: leave out nvidia-cudnn-cu12==9.15.1.9"), HasSubstr("conv3d-bf16-memory")));
  EXPECT_THAT(words_of(a100().torch("2.6").cuda("12.4").package("nvidia-nccl-cu12==2.26.2")),
              AllOf(HasSubstr("torch 2.6.0 cu124 requires nccl 2.21.5"), HasSubstr("torch.version: \"2.7.1\"")));
}

TEST(PackageOfABuild, NamesAVariantThatOnlyPyTorchsIndexServesUnderItsName) {
  const std::string text = words_of(a100().package("torch==2.6.0+cu124"));
  EXPECT_THAT(text, AllOf(HasSubstr("No version set satisfies the recipe"),
                          HasSubstr("PyPI serves torch 2.6.0 cu124 as 2.6.0, without +cu124"),
                          HasSubstr("packages: leave out torch==2.6.0+cu124")));
  EXPECT_EQ(build_of(a100().package("torch==2.6.0+cu118")), "2.6.0 cu118");
  EXPECT_THAT(words_of(a100().cuda("cu126").package("torch==2.6.0+cu118")),
              HasSubstr("torch 2.14.0 cu126 is another build than +cu118"));
}

TEST(PackageOfABuild, OfNvidiasOtherWheelsMustBeTheVersionThatTheBuildRequires) {
  EXPECT_EQ(build_of(a100().torch("2.6").cuda("12.4").package("nvidia-cufft-cu12==11.2.1.3")), "2.6.0 cu124");
  EXPECT_THAT(words_of(a100().torch("2.6").cuda("12.4").package("nvidia-cusparse-cu12==12.5.4.2")),
              AllOf(HasSubstr("- package nvidia-cusparse-cu12==12.5.4.2 (recipe.yaml:9:1)"),
                    HasSubstr("torch 2.6.0 cu124 requires nvidia-cusparse-cu12 12.3.1.170"), HasSubstr("PyPI METADATA"),
                    HasSubstr("packages: leave out nvidia-cusparse-cu12==12.5.4.2")));
  // From 2.11 on by way of cuda-toolkit.
  EXPECT_THAT(words_of(a100().torch("2.11.0").cuda("13.0").package("nvidia-cuda-runtime<13.0.90")),
              HasSubstr("torch 2.11.0 cu130 requires nvidia-cuda-runtime 13.0.96"));
  // A range, another machine's wheel, or a wheel of no build is uv's to judge.
  EXPECT_EQ(build_of(a100().torch("2.13").package("nvidia-nvjitlink==13.3.33")), "2.13.0 cu130");
  EXPECT_EQ(build_of(a100().torch("2.13").platforms({"linux/arm64"}).package("nvidia-cufft==11.9")), "2.13.0 cu130");
  EXPECT_EQ(build_of(a100().torch("2.6").package("nvidia-ml-py==12.0").package("nvidia-cufft-cu11==1.0")),
            "2.6.0 cu124");
}

TEST(PackageOfABuild, ForAnotherCudaMayNotShareItsFolder) {
  EXPECT_THAT(words_of(a100().torch("2.15").package("nvidia-cudnn-cu12")),
              HasSubstr("torch 2.15.0 cu132 brings the cudnn of CUDA 13, and nvidia-cudnn-cu12 puts another into the "
                        "same folder"));
  EXPECT_EQ(build_of(a100().torch("2.15").package("nvidia-cublas-cu12==12.4.5.8")), "2.15.0 cu132");
  EXPECT_EQ(build_of(a100().torch("2.6").package("nvidia-cublas==13.1.0.3")), "2.6.0 cu124");
}

TEST(PackageOfABuild, IsLeftToUvWhereOnlyUvCanTell) {
  const std::vector<std::string> both = {"linux/amd64", "linux/arm64"};
  for (const char* text :
       {"nvidia-cudnn==9.1", "numpy==2.0", "triton @ git+https://example.com/triton@0123", "triton===3.3.0"})
    EXPECT_FALSE(part_of_package(text, both)) << text;
  EXPECT_EQ(build_of(a100().package("torchvision==0.20.9")), "2.15.0 cu132");  // no row knows it
  EXPECT_EQ(build_of(a100().include("torchvision").package("torchvision==0.20.1")), "2.5.1 cu124");
}

TEST(MarkerOfAPackage, SaysOnWhichPlatformsItCounts) {
  const std::vector<std::string> both = {"linux/amd64", "linux/arm64"};
  for (const char* text : {"nvidia-cudnn-cu12==9.15.1.9; sys_platform == 'win32'", "triton==3.3; extra == 'gpu'",
                           "torch==2.5.1; platform_system == 'Darwin' and platform_machine == 'arm64'"})
    EXPECT_FALSE(part_of_package(text, both)) << text;
  for (const char* text :
       {"triton==3.3;sys_platform=='linux'", "triton==3.3 ; os_name != \"nt\" or python_version < '3.10'",
        "triton==3.3; platform_system == \"Linux\" and implementation_name == 'cpython'"}) {
    const auto part = part_of_package(text, both);
    ASSERT_TRUE(part) << text;
    EXPECT_FALSE(part->marker) << text;
    EXPECT_EQ(part->platforms, both) << text;
  }
  const auto arm = part_of_package("torch==2.6.0; platform_machine == 'aarch64'", both);
  ASSERT_TRUE(arm);
  EXPECT_EQ(arm->platforms, std::vector<std::string>{"linux/arm64"});
  EXPECT_EQ(build_of(a100().package("torch==2.5.1; platform_machine == 'aarch64'")), "2.15.0 cu132");
  EXPECT_EQ(build_of(a100().package("triton==3.3.0; platform_machine == 'x86_64' and sys_platform == 'linux'")),
            "2.7.0 cu126");
  // 2.6.0 cu124 is PyPI's for amd64 alone: elsewhere PyTorch's index has it as +cu124.
  EXPECT_THAT(words_of(a100().package("torch==2.6.0+cu124; platform_machine == 'x86_64'")),
              HasSubstr("PyPI serves torch 2.6.0 cu124 as 2.6.0, without +cu124"));
}

TEST(MarkerOfAPackage, AsksForThePythonOfTheBase) {
  const auto lines = a100()
                         .package("torch==2.5.1; python_version < '3.12'")
                         .package("torch==2.7.0; python_version == '3.12'")
                         .package("torch==2.9.1 ; python_version >= '3.13' and python_version < '3.14'");
  EXPECT_EQ(build_of(SpecBuilder(lines).base("debian:12")), "2.5.1 cu124");
  EXPECT_EQ(build_of(SpecBuilder(lines).base("ubuntu:24.04")), "2.7.0 cu126");
  EXPECT_EQ(build_of(SpecBuilder(lines).base("debian:13")), "2.9.1 cu128");
  EXPECT_THAT(words_of(SpecBuilder(lines).base("debian:12")),
              HasSubstr("the newest that 'torch==2.5.1; python_version < '3.12'' (recipe.yaml:9:1) allows"));
}

TEST(MarkerOfAPackage, LeavesOtherBasesAsAWayOut) {
  const std::string text = words_of(a100().torch("2.7").package("triton==3.1.0; python_version < '3.12'"));
  EXPECT_THAT(text, AllOf(HasSubstr("- package triton==3.1.0; python_version < '3.12' (recipe.yaml:9:1)"),
                          HasSubstr("debian:12 has Python 3.11; the other lines here leave"),
                          HasSubstr("base: \"debian:13\""), HasSubstr("torch.version: \"2.5.1\"")));
  const std::string python =
      words_of(a100().python("3.11").torch("2.7").package("triton==3.1.0; python_version < '3.12'"));
  EXPECT_THAT(python, Not(HasSubstr("not for 3.11")));
}

TEST(MarkerOfAPackage, ThatOnlyTheImageCanDecideIsNeverANo) {
  const auto line = a100().torch("2.6").package("triton==3.1.0; platform_release >= '6'");
  const std::string text = words_of(line);
  EXPECT_THAT(text, AllOf(HasSubstr("No version set is known to satisfy the recipe"),
                          HasSubstr("whether `platform_release >= '6'` holds in the image is not known"),
                          HasSubstr("torch 2.6.0 cu124 may fit")));
  EXPECT_THAT(words_of(SpecBuilder(line).cuda("cu124")),
              HasSubstr("warning: torch 2.6.0 cu124 requires triton 3.2.0; envforge puts nothing else in the place of "
                        "what a build requires; whether `platform_release >= '6'` holds in the image is not known"));
  EXPECT_THAT(
      words_of(a100().torch(">=2.6").package("torch==2.5.1; platform_release > '5'")),
      AllOf(HasSubstr("No version set is known to satisfy the recipe"),
            HasSubstr("the other lines here leave torch 2.15.0 cu132; whether `platform_release > '5'` holds")));
  EXPECT_EQ(build_of(a100().package("triton==3.1.0; python_full_version >= '3.11.4'")), "2.5.1 cu124");
}

TEST(AddressOfAPackage, AsksForTheVersionInItsName) {
  const std::string triton =
      "triton @ https://example.com/triton-3.1.0-cp311-cp311-manylinux_2_17_x86_64.whl#sha256=" + std::string(64, 'a');
  EXPECT_EQ(build_of(a100().package(triton)), "2.5.1 cu124");
  EXPECT_EQ(build_of(a100().package(triton + " ; python_version < '3.11'")), "2.15.0 cu132");
}

TEST(PackageOfABuild, OfTorchsFamilyDecidesTheTorchWithItsPlaceInTheReason) {
  EXPECT_EQ(build_of(a100().package("torchvision==0.20.1")), "2.5.1 cu124");
  EXPECT_EQ(build_of(a100().package("torchaudio==2.6.0")), "2.6.0 cu124");
  EXPECT_EQ(build_of(a100().package("torchaudio>=2.0")), "2.15.0 cu132");
  EXPECT_THAT(words_of(a100().package("torch==2.5.1")),
              HasSubstr("the newest that 'torch==2.5.1' (recipe.yaml:9:1) allows"));
  EXPECT_THAT(words_of(a100().package("torch==2.5.1").package("torchvision==0.19.0")),
              AllOf(HasSubstr("- package torch==2.5.1 (recipe.yaml:9:1)"),
                    HasSubstr("- package torchvision==0.19.0 (recipe.yaml:9:1)")));
}

TEST(PackageOfABuild, OfABundledBuildIsNotThere) {
  EXPECT_EQ(build_of(a100().torch("2.1").cuda("11.8").package("nvidia-cudnn-cu11==8.9.4.25")), "2.1.2 cu118");
  EXPECT_THAT(words_of(a100().torch("2.1").cuda("11.8").library("cudnn", "8.9")), Not(HasSubstr("requires cudnn")));
}

}  // namespace
}  // namespace envforge::resolve
