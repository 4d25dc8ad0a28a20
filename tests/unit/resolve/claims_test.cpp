// Popular claims that are wrong, and what the data says. Each test is one claim; the text is what people say.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/compat/gpu_names.hpp>
#include <envforge/resolve/explain.hpp>

#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using compat::embedded;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SpecBuilder;
using versions::Version;

// What the resolver chooses as "torch cuda_variant", or "conflict".
std::string choice(const SpecBuilder& spec) {
  const Outcome outcome = resolve(spec.spec(), embedded());
  const auto* solution = std::get_if<Solution>(&outcome);
  if (solution == nullptr) return "conflict";
  return solution->platforms[0].torch + " " + solution->platforms[0].cuda_variant;
}

std::string text(const SpecBuilder& spec) {
  return explain(resolve(spec.spec(), embedded()));
}

std::vector<std::string> builds(const std::string& torch) {
  std::vector<std::string> tags;
  const auto knowledge = embedded();
  const auto* release = knowledge.release(torch);
  EXPECT_NE(release, nullptr) << torch;
  if (release == nullptr) return tags;
  for (const auto& build : release->builds) tags.emplace_back(build.cuda_variant);
  return tags;
}

std::string pypi(const std::string& torch, const std::string& platform = "linux/amd64") {
  const auto knowledge = embedded();
  for (const auto& build : knowledge.release(torch)->builds) {
    for (const auto& row : build.platforms) {
      if (row.platform == platform && row.on_pypi) return std::string(build.cuda_variant);
    }
  }
  return "";
}

TEST(FalseClaim, Torch26IsBoundToCuda121) {
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").pool({"A100"})), "2.6.0 cu124");
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").cuda("12.1").pool({"A100"})), "conflict");
}

TEST(FalseClaim, Torch26SupportsCuda118And121) {
  EXPECT_THAT(builds("2.6.0"), ElementsAre("cu126", "cu124", "cu118"));
  EXPECT_THAT(text(SpecBuilder().torch("2.6").cuda("cu121").pool({"A100"})),
              HasSubstr("torch 2.6.0 is built for CUDA 11.8, 12.4 and 12.6"));
}

TEST(FalseClaim, Torch27RecommendsCuda118Or121) {
  EXPECT_THAT(builds("2.7.0"), ElementsAre("cu128", "cu126", "cu118"));
  EXPECT_EQ(pypi("2.7.0"), "cu126");
}

TEST(FalseClaim, Torch25IsCuda121ByDefault) {
  EXPECT_EQ(pypi("2.5.0"), "cu124");
  for (const char* torch : {"2.1.0", "2.2.0", "2.3.0", "2.4.0"}) EXPECT_EQ(pypi(torch), "cu121") << torch;
}

TEST(FalseClaim, Torch28StillHasACuda118Build) {
  EXPECT_THAT(builds("2.8.0"), ElementsAre("cu129", "cu128", "cu126"));
  EXPECT_THAT(text(SpecBuilder().torch("2.8").cuda("11.8").pool({"A100"})),
              HasSubstr("builds for CUDA 11.8 are known of torch 2.0.0 to 2.7.1"));
}

TEST(FalseClaim, PipInstallTorchGivesCuda126For28) {
  EXPECT_EQ(pypi("2.8.0"), "cu128");
}

TEST(FalseClaim, Torch212HasCuda128Builds) {
  EXPECT_THAT(builds("2.12.0"), ElementsAre("cu132", "cu130", "cu126"));
}

TEST(FalseClaim, Torch214SwitchesTheDefaultToCuda132) {
  EXPECT_EQ(pypi("2.14.0"), "cu130");
  EXPECT_EQ(pypi("2.14.0", "linux/arm64"), "cu130");
}

TEST(FalseClaim, Torch211UsesCudnn917) {
  const auto knowledge = embedded();
  for (const auto& build : knowledge.release("2.11.0")->builds) {
    if (build.cuda_variant != "cu128" && build.cuda_variant != "cu130") continue;
    EXPECT_EQ(build.cudnn, "9.19.0.56");
  }
}

TEST(FalseClaim, Cu128WheelsRunOnV100) {
  const auto volta = [](const char* torch) {
    return SpecBuilder().torch(torch).cuda("cu128").pool({"V100"}, "570.86.10");
  };
  EXPECT_EQ(choice(volta("2.7.1")), "conflict");
  for (const char* torch : {"2.8.0", "2.9.0", "2.9.1", "2.10.0"}) EXPECT_NE(choice(volta(torch)), "conflict") << torch;
  EXPECT_EQ(choice(volta("2.11.0")), "conflict");
  EXPECT_EQ(choice(SpecBuilder().torch("2.14").pool({"P100"}, "580.65.06")), "2.14.0 cu126");
}

TEST(FalseClaim, WithoutSm89Rtx40AndL4AreNotSupported) {
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").pool({"RTX 4090", "L4"}, "550.90.07")), "2.6.0 cu124");
}

TEST(FalseClaim, PipInstallTorchOnArmGivesACudaBuild) {
  EXPECT_EQ(pypi("2.10.0", "linux/arm64"), "");
  EXPECT_EQ(pypi("2.11.0", "linux/arm64"), "cu130");
}

TEST(FalseClaim, All26WheelsAreManylinux228WithTheNewAbi) {
  const auto knowledge = embedded();
  for (const auto& build : knowledge.release("2.6.0")->builds) {
    const bool new_build = build.cuda_variant == "cu126";
    EXPECT_EQ(build.cxx11_abi, new_build ? 1 : 0) << build.cuda_variant;
    EXPECT_EQ(build.platforms[0].min_glibc, new_build ? "2.28" : "2.17") << build.cuda_variant;
  }
  for (const auto& build : knowledge.release("2.7.0")->builds) EXPECT_EQ(build.cxx11_abi, 1) << build.cuda_variant;
}

TEST(FalseClaim, ThereIsATorchaudio212) {
  EXPECT_THAT(text(SpecBuilder().torch("2.12").include("torchaudio").pool({"A100"})),
              HasSubstr("torchaudio    2.11.0\n"));
}

TEST(FalseClaim, Cuda121NeedsDriver535) {
  EXPECT_EQ(choice(SpecBuilder().torch("2.5").cuda("12.1").pool({"A100"}, "525.60.13")), "2.5.1 cu121");
  EXPECT_EQ(embedded().toolkit(Version::of("12.1"))->bundled_driver, "530.30.02");
}

TEST(FalseClaim, Cuda124Needs550AndCuda126Needs560) {
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").cuda("12.4").pool({"A100"}, "525.60.13")), "2.6.0 cu124");
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").cuda("12.6").pool({"A100"}, "525.60.13")), "2.6.0 cu126");
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").cuda("12.6").pool({"A100"}, "525.60.12")), "conflict");
}

TEST(FalseClaim, NvidiaSmiMustShowTheCudaVersionOfTorchOrMore) {
  EXPECT_EQ(embedded().branch(Version::of("535.183.06"))->max_cuda, "12.2");
  EXPECT_EQ(choice(SpecBuilder().torch("2.8").cuda("12.9").pool({"A100"}, "535.183.06")), "2.8.0 cu129");
  EXPECT_EQ(choice(SpecBuilder().torch("2.7").cuda("11.8").pool({"A100"}, "590.44.01")), "2.7.1 cu118");
}

TEST(FalseClaim, TheCudaVersionInNvidiaSmiIsAnInstalledToolkit) {
  EXPECT_EQ(embedded().branch(Version::of("565.57.01"))->max_cuda, "12.7");
  EXPECT_EQ(embedded().toolkit(Version::of("12.7")), nullptr);
}

TEST(FalseClaim, Cuda13NeedsDriver570) {
  EXPECT_EQ(choice(SpecBuilder().torch("2.15").pool({"A100"}, "570.86.15")), "conflict");
  EXPECT_EQ(choice(SpecBuilder().torch("2.15").pool({"A100"}, "580.65.06")), "2.15.0 cu132");
}

TEST(FalseClaim, CudaCompatMakesNewCudaWorkOnGeForce) {
  const auto with = [](const char* gpu) {
    return text(SpecBuilder().torch("2.10").cuda("13.0").pool({gpu}, "550.90.07"));
  };
  EXPECT_THAT(with("A100"), HasSubstr("cuda-compat-13-0 in the containers"));
  EXPECT_THAT(with("RTX 4090"), ::testing::Not(HasSubstr("cuda-compat")));
}

TEST(FalseClaim, ThereIsACuda127Toolkit) {
  EXPECT_THAT(text(SpecBuilder().torch("2.6").cuda("12.7").pool({"A100"})),
              HasSubstr("no CUDA toolkit 12.7 was published"));
}

TEST(FalseClaim, Cudnn911WorksOnV100AndP100) {
  EXPECT_NE(embedded().cudnn_without("9.11.0.98", Version::of("7.0")), nullptr);
  EXPECT_NE(embedded().cudnn_without("9.19.0.56", Version::of("6.0")), nullptr);
  EXPECT_EQ(embedded().cudnn_without("9.10.2.21", Version::of("6.0")), nullptr);
}

TEST(FalseClaim, B300HasComputeCapability100) {
  const auto found = compat::find_gpu(embedded(), "B300");
  ASSERT_TRUE(std::holds_alternative<compat::GpuMatch>(found));
  EXPECT_EQ(std::get<compat::GpuMatch>(found).cc, "10.3");
}

TEST(FalseClaim, PascalWorksWithCuda13) {
  EXPECT_THAT(text(SpecBuilder().torch("2.13").cuda("13.0").pool({"GTX 1080"}, "580.65.06")),
              HasSubstr("12.9 is the\n      last toolkit for Pascal"));
  for (const char* cc : {"5.2", "6.1", "7.0"}) EXPECT_EQ(embedded().architecture(cc)->last_driver_branch, "R580") << cc;
}

// The answer of `explain --about`, in one line.
std::string about(const std::string& asked) {
  std::string text = explain_topic(asked, embedded());
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

TEST(FalseClaim, PipInstallTorchOnWindowsGivesCuda) {
  EXPECT_THAT(about("Windows"), HasSubstr("wheels for Windows on PyPI are CPU builds"));
}

TEST(FalseClaim, CondaInstallPytorchWorksFor26) {
  EXPECT_THAT(about("conda install pytorch -c pytorch"), HasSubstr("conda packages ended with 2.5"));
}

TEST(FalseClaim, AToolkitAndCudnnMustBeOnTheHost) {
  EXPECT_THAT(about("CUDA toolkit on the host"), HasSubstr("a toolkit on the host is neither needed nor used"));
  EXPECT_THAT(about("host cudnn"), HasSubstr("another cuDNN on the host does not replace it"));
}

TEST(FalseClaim, NvidiaSmiAlwaysPrintsDriverVersionAndCudaVersion) {
  EXPECT_THAT(about("nvidia-smi"), HasSubstr("\"KMD Version\" and \"CUDA UMD Version\""));
}

TEST(FalseClaim, AContainerNeedsOnlyTheMinorVersionMinimum) {
  const std::string answer = about("nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04");
  EXPECT_THAT(answer, HasSubstr("refuses to start them on a driver that reports an older CUDA"));
  EXPECT_THAT(answer, HasSubstr("GeForce is not among the brands"));
  EXPECT_THAT(about("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime"), HasSubstr("no NVIDIA_REQUIRE_CUDA"));
}

TEST(FalseClaim, ThereIsAPytorch26ImageWithCudnn8) {
  EXPECT_THAT(about("pytorch/pytorch:2.6.0-cuda11.8-cudnn8-runtime"), HasSubstr("makes no such tag with cudnn8"));
  EXPECT_THAT(about("pytorch/pytorch:2.6.0-cuda11.8-cudnn9-runtime"), ::testing::Not(HasSubstr("no such tag")));
}

TEST(FalseClaim, ThereIsAPytorch20ImageWithCuda118) {
  EXPECT_THAT(about("pytorch/pytorch:2.0.1-cuda11.8-cudnn8-runtime"), HasSubstr("were made for CUDA 11.7 only"));
  EXPECT_THAT(about("pytorch/pytorch:2.1.0-cuda11.8-cudnn8-runtime"), ::testing::Not(HasSubstr("11.7 only")));
}

TEST(FalseClaim, ThereIsANvidiaImage1240WithCudnn) {
  EXPECT_THAT(about("nvidia/cuda:12.4.0-cudnn8-devel-ubuntu22.04"), HasSubstr("12.4.0 has no cuDNN images"));
  EXPECT_THAT(about("nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04"), ::testing::Not(HasSubstr("no cuDNN images")));
}

TEST(FalseClaim, NvidiaImagesWithCudnn9AreNamedCudnn9) {
  EXPECT_THAT(about("nvidia/cuda:12.6.0-cudnn9-runtime-ubuntu22.04"), HasSubstr("Only 12.3.2 has"));
}

TEST(FalseClaim, ThereAreNvidiaImagesOf1221And13OnUbuntu2004) {
  EXPECT_THAT(about("nvidia/cuda:12.2.1-devel-ubuntu22.04"), HasSubstr("no nvidia/cuda images of 12.2.1"));
  EXPECT_THAT(about("nvidia/cuda:13.0.1-base-ubuntu20.04"), HasSubstr("not listed for ubuntu20.04"));
  EXPECT_THAT(about("nvidia/cuda:12.9.1-base-ubuntu20.04"), ::testing::Not(HasSubstr("not listed")));
}

TEST(FalseClaim, WhatNoTopicAnswersIsNotKnown) {
  EXPECT_THAT(about("amd/rocm:6"), HasSubstr("'amd/rocm:6' is not known to the data of"));
}

}  // namespace
}  // namespace envforge::resolve
