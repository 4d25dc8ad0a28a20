#include <envforge/resolve/resolve.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/resolve/explain.hpp>

#include "small_answers.hpp"
#include "support/compat_data.hpp"

namespace envforge::resolve {
namespace {

using support::ErrorCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::refuse;
using testing::solve;
using testing::SpecBuilder;

TEST(Resolve, CarriesWhatTheLockNeeds) {
  const Solution solution = solve(
      SpecBuilder().torch("2.6").pool({"V100", "H100"}, "535.183.06").include("torchvision").include("torchaudio"));
  ASSERT_EQ(solution.platforms.size(), 1U);
  const PlatformSolution& amd64 = solution.platforms[0];
  EXPECT_EQ(solution.base, "debian:12");
  EXPECT_EQ(solution.suite, "bookworm");
  EXPECT_EQ(amd64.platform, "linux/amd64");
  EXPECT_EQ(amd64.torch, "2.6.0");
  EXPECT_EQ(amd64.cuda_variant, "cu124");
  EXPECT_EQ(amd64.cuda, "12.4");
  EXPECT_EQ(amd64.python, "3.11");
  EXPECT_EQ(amd64.cudnn, "9.1.0.70");
  EXPECT_EQ(amd64.nccl, "2.21.5");
  EXPECT_EQ(amd64.cublas, "12.4.5.8");
  EXPECT_EQ(amd64.triton, "3.2.0");
  EXPECT_EQ(amd64.torchvision, "0.21.0");
  EXPECT_EQ(amd64.torchaudio, "2.6.0");
  EXPECT_EQ(amd64.torch_index, "");
  EXPECT_EQ(amd64.glibc, "2.36");
  EXPECT_EQ(amd64.require_cuda, "cuda>=12.0");
  EXPECT_EQ(amd64.cxx11_abi, 0);
  EXPECT_EQ(amd64.cxx_standard, 17);
  EXPECT_THAT(amd64.gpu_architectures, ElementsAre("sm_70", "sm_90"));
  EXPECT_THAT(amd64.pins,
              ElementsAre(Pin{"torch", "2.6.0", ""}, Pin{"torchvision", "0.21.0", ""}, Pin{"torchaudio", "2.6.0", ""}));
  EXPECT_EQ(solution.data_digest, compat::embedded().digest());
  for (const auto& choice : amd64.choices) {
    EXPECT_FALSE(choice.reason.empty()) << choice.component;
    EXPECT_THAT(choice.source, HasSubstr("compat/")) << choice.component;
  }
}

TEST(Resolve, ABuildOfAnotherIndexBringsThePinsOfItsRowWithThatIndex) {
  const Solution solution = solve(SpecBuilder().torch("2.6").cuda("11.8").pool({"A100"}, "525.60.13"));
  const std::string index = "https://download.pytorch.org/whl/cu118";
  const PlatformSolution& amd64 = solution.platforms[0];
  EXPECT_EQ(amd64.torch_index, index);
  EXPECT_THAT(amd64.pins, Contains(Pin{"torch", "2.6.0", index}));
  EXPECT_THAT(amd64.pins, Contains(Pin{"nvidia-cudnn-cu11", "9.1.0.70", index}));
  EXPECT_THAT(amd64.pins, Contains(Pin{"triton", "3.2.0", index}));
  EXPECT_EQ(amd64.require_cuda, "cuda>=11.0");
}

TEST(Resolve, FloatingRequirementsAreNoPins) {
  const Solution solution = solve(SpecBuilder().torch("2.13").cuda("cu126").pool({"A100"}));
  for (const Pin& pin : solution.platforms[0].pins) {
    EXPECT_NE(pin.package, "cuda-bindings");
    EXPECT_EQ(pin.index.empty(), pin.package == "cuda-toolkit") << pin.package;
  }
}

TEST(Resolve, PrefersTheNewestTorchThenPypisBuildThenTheNewestCuda) {
  EXPECT_EQ(solve(SpecBuilder().pool({"H100"}, "590.44.01")).platforms[0].torch, "2.15.0");
  EXPECT_EQ(solve(SpecBuilder().torch("2.14.0").pool({"H100"}, "590.44.01")).platforms[0].cuda_variant, "cu130");
  EXPECT_EQ(solve(SpecBuilder().torch("2.11").pool({"H100"}, "550.90.07")).platforms[0].cuda_variant, "cu128");
}

TEST(Resolve, OnePlatformSetIsOneVersionSet) {
  const Solution solution =
      solve(SpecBuilder().torch("2.9").platforms({"linux/amd64", "linux/arm64"}).pool({"H100"}, "550.90.07"));
  ASSERT_EQ(solution.platforms.size(), 2U);
  EXPECT_EQ(solution.platforms[0].cuda_variant, "cu128");
  EXPECT_EQ(solution.platforms[1].cuda_variant, "cu128");
  EXPECT_EQ(solution.platforms[0].torch_index, "");
  EXPECT_EQ(solution.platforms[1].torch_index, "https://download.pytorch.org/whl/cu128");
  EXPECT_THAT(solution.platforms[1].pins, ElementsAre(Pin{"torch", "2.9.1", solution.platforms[1].torch_index}));
}

TEST(Resolve, AnArmHostAsksNothingOfTheAmd64Wheel) {
  const Solution solution = solve(
      SpecBuilder().torch("2.15").platforms({"linux/amd64", "linux/arm64"}).pool({"GH200", "RTX 5090"}, "580.65.06"));
  EXPECT_THAT(solution.platforms[0].gpu_architectures, ElementsAre("sm_120"));
  EXPECT_THAT(solution.platforms[1].gpu_architectures, ElementsAre("sm_90", "sm_120"));
}

TEST(Resolve, KeepsWhatTheOldLockChoseWhereItStillFits) {
  const auto spec = SpecBuilder().torch(">=2.6").pool({"A100"}, "550.90.07");
  EXPECT_EQ(solve(spec).platforms[0].torch, "2.14.0");
  const Solution kept = solve(spec, OldChoice{"2.6.0", "cu126"});
  EXPECT_EQ(kept.platforms[0].torch, "2.6.0");
  EXPECT_EQ(kept.platforms[0].cuda_variant, "cu126");
  EXPECT_EQ(kept.platforms[0].choices[0].reason, "kept from the lock");
  const auto narrower = SpecBuilder().torch(">=2.7").pool({"A100"}, "550.90.07");
  EXPECT_EQ(solve(narrower, OldChoice{"2.6.0", "cu126"}).platforms[0].torch, "2.14.0");
}

TEST(Resolve, ALockThatChangesNothingIsNoReason) {
  const auto spec = SpecBuilder().torch(">=2.6").pool({"A100"}, "550.90.07");
  const Solution first = solve(spec);
  const auto& platform = first.platforms[0];
  EXPECT_EQ(solve(spec, OldChoice{platform.torch, platform.cuda_variant}), first);
}

TEST(Resolve, TakesNoReleaseAfterTheCutoff) {
  EXPECT_EQ(solve(SpecBuilder().cutoff("2025-01-31T00:00:00Z").pool({"A100"})).platforms[0].torch, "2.6.0");
  const Conflict conflict = refuse(SpecBuilder().torch("2.7").cutoff("2025-01-31").pool({"A100"}));
  ASSERT_EQ(conflict.items.size(), 2U);
  EXPECT_THAT(conflict.items[1].fact, HasSubstr("was uploaded on 2025-"));
}

TEST(Resolve, ADriverThatIsNotStatedAsksNothing) {
  EXPECT_EQ(solve(SpecBuilder().pool({"V100"})).platforms[0].cuda_variant, "cu126");
  EXPECT_EQ(solve(SpecBuilder().pool({"A100"})).platforms[0].torch, "2.15.0");
}

TEST(Resolve, AnUnverifiedListWarnsAndIsTakenOnlyByName) {
  const auto volta = [] { return SpecBuilder().torch("2.7.0").pool({"V100"}, "535.183.06"); };
  const Solution named = solve(volta().cuda("cu128"));  // its list lacks sm_70, and is not verified
  const auto about_list = ::testing::Field(&Warning::text, HasSubstr("is not known to the data of"));
  EXPECT_THAT(named.warnings, Contains(about_list));
  EXPECT_EQ(solve(volta()).platforms[0].cuda_variant, "cu126");
  EXPECT_THAT(solve(volta()).warnings, Not(Contains(about_list)));
  EXPECT_EQ(refuse(SpecBuilder().torch("2.7.1").cuda("cu128").pool({"V100"}, "535.183.06")).items.size(), 3U);
}

TEST(Resolve, PtxNeedsADriverForTheToolkitOfTheBuild) {
  // B300 (10.3) of torch 2.7.1 cu128 runs from sm_100; a GPU beyond the list needs its PTX 12.0.
  testing::DataJson data = testing::shipped_data();
  data["cuda.json"]["architectures"].push_back({{"cc", "13.0"},
                                                {"name", "Next"},
                                                {"first_cuda", "13.4"},
                                                {"last_cuda", nullptr},
                                                {"tegra", false},
                                                {"last_driver_branch", nullptr},
                                                {"sources", {"CMAKE"}}});
  const compat::Knowledge knowledge = testing::knowledge_of(data);
  const auto spec = [](const std::string& driver) {
    return SpecBuilder().torch("2.7.1").cuda("cu128").pool({"sm_130"}, driver).spec();
  };
  const Outcome fits = resolve(spec("570.86.10"), knowledge);
  ASSERT_TRUE(std::holds_alternative<Solution>(fits)) << explain(fits);
  EXPECT_THAT(explain(fits), HasSubstr("the driver compiles its PTX"));
  const Outcome old = resolve(spec("560.35.03"), knowledge);
  ASSERT_TRUE(std::holds_alternative<Conflict>(old));
  EXPECT_THAT(explain(old), HasSubstr("R560 reports 12.6"));
}

TEST(Resolve, BeforeMinorVersionCompatibilityTheDriverOfTheToolkitIsNeeded) {
  testing::DataJson data = testing::shipped_data();
  data["cuda.json"]["toolkits"].push_back(
      {{"version", "10.2"}, {"bundled_driver", "440.33.01"}, {"sources", {"SPACK"}}});
  auto& release = data["pytorch.json"]["releases"].back();
  auto& build = release["builds"].back();
  build["cuda"] = "10.2";
  build["cuda_variant"] = "cu102";
  const compat::Knowledge knowledge = testing::knowledge_of(data);
  const auto range = release["version"].get<std::string>();
  const auto outcome = [&](const std::string& driver) {
    return resolve(SpecBuilder().torch(range).cuda("10.2").base("ubuntu:22.04").pool({"V100"}, driver).spec(),
                   knowledge);
  };
  const Outcome old = outcome("430.26");
  ASSERT_TRUE(std::holds_alternative<Conflict>(old)) << explain(old);
  EXPECT_THAT(explain(old), HasSubstr("needs its own driver"));
  const Outcome fits = outcome("440.33.01");
  EXPECT_TRUE(std::holds_alternative<Solution>(fits)) << explain(fits);
}

TEST(Resolve, AGpuThatIsNotKnownIsAnErrorWithItsPlace) {
  try {
    resolve(SpecBuilder().torch("2.6").pool({"H201"}).spec(), compat::embedded());
    FAIL() << "was taken";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kGpuUnknown);
    EXPECT_EQ(error.message(), "'H201' is no GPU known to the data of 2026-11-21");
    EXPECT_EQ(to_string(error.where().value()), "recipe.yaml:10:1");
    EXPECT_THAT(error.hint(), HasSubstr("'H200'"));
  }
  try {
    resolve(SpecBuilder().torch("2.6").pool({"RTX 6000"}).spec(), compat::embedded());
    FAIL() << "was taken";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kGpuAmbiguous);
    EXPECT_EQ(error.message(), "'RTX 6000' can be RTX 6000 Ada Generation (8.9) or Quadro RTX 6000 (7.5)");
  }
}

TEST(Resolve, AConflictIsAlsoAnErrorWithTheSameLines) {
  const Conflict conflict = refuse(SpecBuilder().torch("2.6").cuda("12.1").pool({"A100"}));
  const support::Error error = conflict_error(conflict);
  EXPECT_EQ(error.code(), ErrorCode::kNoVersionSet);
  EXPECT_EQ(to_string(error.where().value()), "recipe.yaml:3:1");
  EXPECT_EQ(error.hint(), "torch.cuda: \"12.4\"");
  EXPECT_THAT(format_error(error), HasSubstr("torch 2.6.0 is built for CUDA 11.8, 12.4 and 12.6"));
}

TEST(Resolve, NewerThanTheDataIsNotKnownRatherThanNo) {
  for (const auto& spec :
       {SpecBuilder().torch("2.16").pool({"A100"}), SpecBuilder().torch("2.6").cuda("14.0").pool({"A100"}),
        SpecBuilder().torch("2.6").base("debian:14").pool({"A100"})}) {
    const Conflict conflict = refuse(spec);
    ASSERT_EQ(conflict.items.size(), 1U);
    EXPECT_THAT(conflict.items[0].fact, HasSubstr("known to the data of 2026-11-21"));
    EXPECT_THAT(conflict.items[0].fact, Not(HasSubstr("exist")));
    EXPECT_FALSE(conflict.remedies.empty());
  }
}

TEST(Resolve, SaysSoWhenNothingHelps) {
  // Two pools that no image can serve, and neither alone: V100 has no driver branch like that, nor has K80.
  const Conflict conflict =
      refuse(SpecBuilder().torch("2.6").pool({"V100", "K80"}, "400.0").pool({"P100", "K40"}, "400.0"));
  EXPECT_THAT(conflict.split, ::testing::IsEmpty());
  EXPECT_THAT(explain(conflict), HasSubstr("No change of one or two of the lines makes it work."));
}

TEST(Resolve, EveryImageOfASplitServesItsPools) {
  const Conflict conflict = refuse(SpecBuilder()
                                       .torch(">=2.11")
                                       .pool({"V100"}, "535.183.06")
                                       .pool({"RTX 5090"}, "590.44.01")
                                       .pool({"P100"}, "580.65.06"));
  ASSERT_EQ(conflict.split.size(), 2U);
  EXPECT_THAT(conflict.split[0].pools, ElementsAre("pool1"));
  EXPECT_THAT(conflict.split[1].pools, ElementsAre("pool0", "pool2"));
  EXPECT_EQ(conflict.split[1].solution.platforms[0].cuda_variant, "cu126");
}

std::string warnings_of(const SpecBuilder& spec) {
  const Outcome outcome = resolve(spec.spec(), compat::embedded());
  std::string text;
  if (const auto* solution = std::get_if<Solution>(&outcome)) {
    for (const Warning& warning : solution->warnings) text += warning.text + " [" + warning.source + "]\n";
  }
  return text;
}

TEST(Resolve, WhatIsNotKnownToRunComesAfterWhatIs) {
  const Conflict conflict = refuse(SpecBuilder().torch("2.14").cuda("13.2").pool({"RTX 5090"}, "570.86.16"));
  ASSERT_GE(conflict.remedies.size(), 2U);
  EXPECT_FALSE(conflict.remedies.front().solution.doubtful);
  EXPECT_TRUE(conflict.remedies.back().solution.doubtful);
  EXPECT_THAT(explain(conflict), HasSubstr("What may work: solved, but whether it runs is not known"));
}

TEST(KnownBad, IsAWarningWithTheReportThatShowsIt) {
  EXPECT_THAT(warnings_of(SpecBuilder().torch("2.7.0").pool({"H100"})),
              HasSubstr("known trouble of torch 2.7.0 cu126: init_process_group(device_id=...) can hang"));
  EXPECT_THAT(warnings_of(SpecBuilder().torch("2.7.0").pool({"H100"})),
              HasSubstr("pytorch issue 153960, document read 2026-11-21"));
  EXPECT_THAT(warnings_of(SpecBuilder().torch("2.7.1").pool({"H100"})), Not(HasSubstr("known trouble")));
}

TEST(KnownBad, AppliesOnlyWhereAllOfItsConditionsDo) {
  const auto on = [](const char* gpu) { return warnings_of(SpecBuilder().torch("2.7.1").cuda("cu128").pool({gpu})); };
  EXPECT_THAT(on("RTX PRO 6000 Blackwell"), HasSubstr("two RTX PRO 6000 Blackwell with NCCL 2.26.2"));
  EXPECT_THAT(on("B200"), Not(HasSubstr("NCCL 2.26.2")));
  const auto arm = [](const char* platform) {
    return warnings_of(SpecBuilder().torch("2.11").cuda("cu130").platforms({platform}).pool({"B200"}));
  };
  EXPECT_THAT(arm("linux/arm64"), HasSubstr("NCCL before 2.29.3 can hang on Arm"));
  EXPECT_THAT(arm("linux/amd64"), Not(HasSubstr("hang on Arm")));
}

TEST(Resolve, APythonWithoutAGilIsToldToHaveWheelsButNoBase) {
  const std::string text = explain(refuse(SpecBuilder().python("3.14t").pool({"H100"})));
  EXPECT_THAT(text, HasSubstr("no base that the data knows has Python 3.14t"));
  EXPECT_THAT(text, HasSubstr("wheels for it are known of torch\n      2.9.0 to 2.15.0"));
}

TEST(Torchaudio, OfThe211WheelServesNewerTorchOfItsOwnCudaOnly) {
  const Solution fits = solve(SpecBuilder().torch("2.14").include("torchaudio").pool({"H100"}));
  EXPECT_EQ(fits.platforms[0].torchaudio, "2.11.0");
  EXPECT_EQ(fits.platforms[0].cuda, "13.0");
  EXPECT_THAT(explain(fits), HasSubstr("works with torch 2.14"));
  EXPECT_THAT(explain(refuse(SpecBuilder().torch("2.15").include("torchaudio").pool({"H100"}))),
              HasSubstr("refuses to be imported"));
  const Solution doubtful = solve(SpecBuilder().torch("2.14").cuda("12.6").include("torchaudio").pool({"H100"}));
  EXPECT_TRUE(doubtful.doubtful);
  EXPECT_THAT(explain(doubtful), HasSubstr("for CUDA 12.6"));
}

TEST(NewerThanTheData, IsUnknownAndNeverANo) {
  const auto pool = [] { return SpecBuilder().pool({"H100"}); };
  for (const SpecBuilder& spec : {pool().torch("9.9"), pool().cuda("99.0"), pool().python("3.99"),
                                  pool().base("debian:99"), SpecBuilder().pool({"H100"}, "999.1")}) {
    const Conflict conflict = refuse(spec);
    ASSERT_EQ(conflict.items.size(), 1U);
    EXPECT_TRUE(conflict.items[0].unknown) << conflict.items[0].fact;
    EXPECT_THAT(explain(conflict), HasSubstr("No version set is known to satisfy the recipe. This is not known:"));
    EXPECT_EQ(conflict_error(conflict).message(), "no version set is known to satisfy the recipe");
  }
  EXPECT_THAT(refuse(pool().torch("1.12.1")).items[0].fact, HasSubstr("; the oldest that is known is 1.13.0"));
  EXPECT_THAT(refuse(pool().torch("9.9")).items[0].fact, HasSubstr("; the newest that is known is 2.15.0"));
  const Solution doubtful = solve(SpecBuilder().cuda("12.6").pool({"H100"}, "999.1"));
  EXPECT_TRUE(doubtful.doubtful);
  EXPECT_THAT(explain(doubtful), HasSubstr("warning: the driver branch R999 is not known"));
  EXPECT_THAT(explain(solve(SpecBuilder().cuda("12.6").pool({"H100"}, "540.4.0"))),
              HasSubstr("the driver branch R540 is not known to the data of 2026-11-21; the\nnearest that are known "
                        "are R535 and R545"));
  EXPECT_FALSE(refuse(SpecBuilder().torch("2.6").cuda("12.7").pool({"H100"})).items[0].unknown);
  EXPECT_FALSE(refuse(SpecBuilder().torch("2.6").cuda("13.0").pool({"H100"})).items[0].unknown);
  try {
    resolve(SpecBuilder().pool({"RTX 9090"}).spec(), compat::embedded());
    ADD_FAILURE() << "is no GPU that the data knows";
  } catch (const support::Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("no GPU known to the data of"));
  }
}

}  // namespace
}  // namespace envforge::resolve
