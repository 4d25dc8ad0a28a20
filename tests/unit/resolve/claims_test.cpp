// Popular claims that are wrong, and what envforge answers to them. Each test is one claim; the text is what people
// say, and what is asserted on is what a user reads: `explain`, --why-not, --matrix or --about.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/resolve/explain.hpp>
#include <envforge/resolve/matrix.hpp>
#include <envforge/resolve/what_if.hpp>

#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using compat::embedded;
using ::testing::AllOf;
using ::testing::Each;
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

// Without the breaks and indents that only serve the width of a terminal.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || (!out.empty() && out.back() != ' ')) out += blank ? ' ' : c;
  }
  return out;
}

// `explain RECIPE`.
std::string text(const SpecBuilder& spec) {
  return one_line(explain(resolve(spec.spec(), embedded())));
}

// `explain RECIPE --why-not PART=VALUE`.
std::string why_not(const SpecBuilder& spec, const std::string& question) {
  return one_line(explain(what_if(spec.spec(), embedded(), read_question("--why-not", question))));
}

// The lines of `explain --matrix --torch TORCH`, each as "2.6.0 cu124* amd64 ...".
std::vector<std::string> lines_of_matrix(const std::string& torch, const std::string& platform = "linux/amd64") {
  MatrixFilter filter;
  filter.torch = torch;
  filter.platform = platform;
  std::vector<std::string> lines;
  const auto rows = matrix(embedded(), filter);
  for (const MatrixRow& row : rows) {
    const std::string table = matrix_text({row}, {}, embedded());
    const auto begin = table.find('\n') + 1;
    lines.push_back(one_line(table.substr(begin, table.find('\n', begin) - begin)));
  }
  return lines;
}

// "cu126* cu118": the builds that the matrix shows, * = PyPI's.
std::string builds(const std::string& torch, const std::string& platform = "linux/amd64") {
  std::string out;
  for (const std::string& line : lines_of_matrix(torch, platform)) {
    const auto from = line.find(' ') + 1;
    out += (out.empty() ? "" : " ") + line.substr(from, line.find(' ', from) - from);
  }
  return out;
}

// `explain --about TEXT`.
std::string about(const std::string& asked) {
  return one_line(explain_topic(asked, embedded()));
}

constexpr const char* kServedByPypi = " the build that PyPI serves ";

TEST(FalseClaim, Torch26IsBoundToCuda121) {
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").pool({"A100"})), "2.6.0 cu124");
  EXPECT_EQ(choice(SpecBuilder().torch("2.6").cuda("12.1").pool({"A100"})), "conflict");
}

TEST(FalseClaim, Torch26SupportsCuda118And121) {
  EXPECT_EQ(builds("2.6.0"), "cu126 cu124* cu118");
  EXPECT_THAT(text(SpecBuilder().torch("2.6").cuda("cu121").pool({"A100"})),
              HasSubstr("torch 2.6.0 is built for CUDA 11.8, 12.4 and 12.6"));
}

TEST(FalseClaim, Torch27RecommendsCuda118Or121) {
  EXPECT_EQ(builds("2.7.0"), "cu128 cu126* cu118");
  const auto recipe = SpecBuilder().torch("2.7").pool({"A100"});
  EXPECT_THAT(text(recipe), HasSubstr(std::string("cuda 12.6") + kServedByPypi));
  EXPECT_THAT(why_not(recipe, "cuda=12.1"),
              AllOf(HasSubstr("cuda 12.1 cannot be had with the rest of the recipe"),
                    HasSubstr("torch 2.7.0 and 2.7.1 are built for CUDA 11.8, 12.6 and 12.8")));
  EXPECT_THAT(why_not(recipe, "cuda=11.8"), HasSubstr(std::string("It is not chosen: cuda 12.6:") + kServedByPypi));
}

TEST(FalseClaim, Torch25IsCuda121ByDefault) {
  const auto recipe = [](const char* torch) { return SpecBuilder().torch(torch).pool({"A100"}); };
  EXPECT_THAT(text(recipe("2.5")), HasSubstr(std::string("cuda 12.4") + kServedByPypi));
  EXPECT_THAT(why_not(recipe("2.5"), "cuda=12.1"),
              HasSubstr(std::string("It is not chosen: cuda 12.4:") + kServedByPypi));
  for (const char* torch : {"2.1", "2.2", "2.3", "2.4"})
    EXPECT_THAT(text(recipe(torch)), HasSubstr(std::string("cuda 12.1") + kServedByPypi)) << torch;
}

TEST(FalseClaim, Torch28StillHasACuda118Build) {
  EXPECT_EQ(builds("2.8.0"), "cu129 cu128* cu126");
  EXPECT_THAT(text(SpecBuilder().torch("2.8").cuda("11.8").pool({"A100"})),
              HasSubstr("builds for CUDA 11.8 are known of torch 2.0.0 to 2.7.1"));
}

TEST(FalseClaim, PipInstallTorchGivesCuda126For28) {
  const auto recipe = SpecBuilder().torch("2.8").pool({"A100"});
  EXPECT_THAT(text(recipe), HasSubstr(std::string("cuda 12.8") + kServedByPypi));
  EXPECT_THAT(why_not(recipe, "cuda=12.6"), HasSubstr(std::string("It is not chosen: cuda 12.8:") + kServedByPypi));
}

TEST(FalseClaim, Torch212HasCuda128Builds) {
  EXPECT_EQ(builds("2.12.0"), "cu132 cu130* cu126");
  EXPECT_THAT(why_not(SpecBuilder().torch("2.12").pool({"A100"}), "cuda=12.8"),
              AllOf(HasSubstr("builds for CUDA 12.8 are known of torch 2.7.0 to 2.11.0"),
                    HasSubstr("torch 2.12.0 and 2.12.1 are built for CUDA 12.6, 13.0 and 13.2")));
}

TEST(FalseClaim, Torch214SwitchesTheDefaultToCuda132) {
  EXPECT_EQ(builds("2.14.0"), "cu132 cu130* cu129 cu126");
  EXPECT_EQ(builds("2.14.0", "linux/arm64"), "cu132 cu130* cu126");
  const auto recipe = SpecBuilder().torch("==2.14.0").pool({"GH200"}, "580.65.06").platforms({"linux/arm64"});
  EXPECT_THAT(
      why_not(recipe, "cuda=13.2"),
      AllOf(HasSubstr("cuda 13.2 can be had"), HasSubstr(std::string("It is not chosen: cuda 13.0:") + kServedByPypi)));
}

TEST(FalseClaim, Torch211UsesCudnn917) {
  for (const char* cuda : {"12.8", "13.0"})
    EXPECT_THAT(text(SpecBuilder().torch("2.11").cuda(cuda).pool({"A100"})),
                HasSubstr("cudnn 9.19.0.56 required by torch 2.11.0 cu"))
        << cuda;
  EXPECT_THAT(why_not(SpecBuilder().torch("2.11").pool({"A100"}), "cudnn=9.17.1.4"),
              HasSubstr("no torch build with it is known to the data of"));
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
  const auto recipe = [](const char* torch) {
    return SpecBuilder().torch(torch).pool({"GH200"}, "580.65.06").platforms({"linux/arm64"});
  };
  EXPECT_THAT(text(recipe("2.10")), HasSubstr("PyPI serves no CUDA build of it for linux/arm64"));
  EXPECT_THAT(text(recipe("2.11")), HasSubstr(std::string("cuda 13.0") + kServedByPypi));
  EXPECT_EQ(builds("2.10.0", "linux/arm64").find('*'), std::string::npos);
  EXPECT_THAT(builds("2.11.0", "linux/arm64"), HasSubstr("cu130*"));
}

TEST(FalseClaim, All26WheelsAreManylinux228WithTheNewAbi) {
  const auto is = [](const char* build, const char* glibc, const char* abi) {
    return AllOf(HasSubstr(build), HasSubstr(std::string(" ") + glibc + " " + abi + " "));
  };
  EXPECT_THAT(lines_of_matrix("2.6.0"),
              ElementsAre(is("cu126 ", "2.28", "new"), is("cu124* ", "2.17", "old"), is("cu118 ", "2.17", "old")));
  EXPECT_THAT(lines_of_matrix("2.7.0"), Each(HasSubstr(" new ")));
}

TEST(FalseClaim, ThereIsATorchaudio212) {
  EXPECT_THAT(text(SpecBuilder().torch("2.12").include("torchaudio").pool({"A100"})), HasSubstr("torchaudio 2.11.0 "));
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
  EXPECT_THAT(
      about("nvidia-smi"),
      HasSubstr("\"CUDA Version\" of nvidia-smi is the newest CUDA API of the driver, not an installed toolkit"));
  const auto recipe = SpecBuilder().torch("2.6").pool({"A100"}, "565.57.01");
  EXPECT_THAT(why_not(recipe, "cuda=12.7"),
              HasSubstr("no CUDA toolkit 12.7 was published; only driver branch R565 reports 12.7"));
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
  const auto recipe = [](const char* torch, const char* gpu) {
    return SpecBuilder().torch(torch).cuda("12.8").pool({gpu}, "570.86.15");
  };
  for (const char* gpu : {"V100", "P100"}) {
    EXPECT_THAT(text(recipe("2.11", gpu)),
                HasSubstr("torch 2.11.0 cu128 carries cuDNN 9.19.0.56: cuDNN 9.11 and newer have no device code below "
                          "compute capability 7.5; 9.10.2 is the last for Maxwell, Pascal and Volta"))
        << gpu;
  }
  EXPECT_THAT(text(recipe("2.10", "V100")), HasSubstr("cudnn 9.10.2.21 required by torch 2.10.0 cu128"));
}

TEST(FalseClaim, B300HasComputeCapability100) {
  EXPECT_THAT(text(SpecBuilder().torch("2.6").pool({"B300"}, "580.82.07")),
              AllOf(HasSubstr("B300 (compute capability 10.3) needs sm_100 or sm_103, which CUDA 12.8 is"),
                    HasSubstr("B300 (compute capability 10.3) is served by torch 2.7.0 to 2.15.0")));
  EXPECT_THAT(text(SpecBuilder().torch("2.15").pool({"B300"}, "580.82.07")), HasSubstr("GPU code sm_100 for sm_103"));
}

TEST(FalseClaim, PascalWorksWithCuda13) {
  EXPECT_THAT(text(SpecBuilder().torch("2.13").cuda("13.0").pool({"GTX 1080"}, "580.65.06")),
              HasSubstr("12.9 is the last toolkit for Pascal"));
  for (const auto& [gpu, name] : {std::pair("GTX 980", "Maxwell"), {"GTX 1080", "Pascal"}, {"V100", "Volta"}})
    EXPECT_THAT(text(SpecBuilder().torch("2.6").pool({gpu}, "590.44.01")),
                HasSubstr(std::string("R580 is the last driver branch for ") + name));
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
  EXPECT_THAT(about("amd/rocm:6"), HasSubstr("Whether amd/rocm:6 exists is not known to the data of"));
  EXPECT_THAT(about("the weather"), HasSubstr("'the weather' is not known to the data of"));
}

}  // namespace
}  // namespace envforge::resolve
