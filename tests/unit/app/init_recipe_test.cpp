#include <envforge/app/init_recipe.hpp>

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/documents/recipe_yaml.hpp>
#include <envforge/support/error.hpp>

#include "support/app_world.hpp"

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;
using testing::AppWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InitRecipe : public ::testing::Test {
 protected:
  InitRecipe() {
    wishes_.file = at_.path("new.yaml");
    wishes_.gpus = {"H100"};
  }
  documents::Recipe made() {
    made_ = make_recipe(at_.world(), wishes_);
    return documents::read_recipe(made_.text, "new.yaml");
  }
  void from(const std::string& name, const std::string& text) {
    wishes_.from = at_.path(name);
    support::write_file_atomically(wishes_.from, text);
  }
  ErrorCode failure() {
    try {
      made();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  }

  AppWorld at_;
  InitWishes wishes_;
  NewRecipe made_;
};

TEST_F(InitRecipe, OfAGpuAloneIsOneThatHasAnAnswer) {
  const auto recipe = made();
  EXPECT_TRUE(made_.solved) << made_.answer;
  EXPECT_EQ(recipe.spec.image, "pytorch-cuda");
  EXPECT_TRUE(recipe.spec.torch.version.value.is_any());
  EXPECT_FALSE(recipe.spec.pools.at(0).driver.has_value());
  EXPECT_THAT(at_.files(), ElementsAre()) << "writing is the command's";
}

TEST_F(InitRecipe, OfGpusThatComeWithAnArmCpuIsForLinuxArm64) {
  for (const char* gpu : {"GH200", "GB200", "GB10"}) {
    wishes_.gpus = {gpu};
    EXPECT_THAT(made().spec.platforms, ElementsAre("linux/arm64")) << gpu;
    EXPECT_TRUE(made_.solved) << made_.answer;
  }
  wishes_.gpus = {"GH200", "H100"};
  EXPECT_THAT(made().spec.platforms, ElementsAre("linux/amd64"));
}

TEST_F(InitRecipe, TakesThePlatformsThatAreNamed) {
  wishes_.gpus = {"GH200", "H100"};
  wishes_.platforms = {"linux/amd64", "linux/arm64"};
  EXPECT_THAT(made().spec.platforms, ElementsAre("linux/amd64", "linux/arm64"));
  EXPECT_TRUE(made_.solved) << made_.answer;
}

TEST_F(InitRecipe, HoldsEveryFlag) {
  wishes_.gpus = {"H100", "RTX 5090"};
  wishes_.driver = "580.65.06";
  wishes_.torch = ">=2.7,<2.9";
  wishes_.cuda = "cu128";
  wishes_.base = "debian:13";
  wishes_.image = "team/x";
  wishes_.pip = {"numpy>=2", "numpy>=2", "x; sys_platform == \"linux\""};
  const auto recipe = made();
  EXPECT_EQ(recipe.spec.pools.at(0).gpus.at(1).value, "RTX 5090");
  EXPECT_EQ(recipe.spec.pools.at(0).driver->value.text(), "580.65.06");
  EXPECT_EQ(recipe.spec.torch.version.value.text(), ">=2.7,<2.9");
  EXPECT_EQ(recipe.spec.torch.cuda.value, "cu128");
  EXPECT_EQ(recipe.spec.base.value, "debian:13");
  EXPECT_EQ(recipe.spec.pip.size(), 2U) << "a list has nothing twice";
  EXPECT_EQ(recipe.spec.pip.at(1).value, "x; sys_platform == \"linux\"");
}

TEST_F(InitRecipe, CarriesOverAnEnvironmentOfCondaAndTakesTheBaseWithItsPython) {
  from("environment.yml",
       "name: My Env\ndependencies: [python=3.10, pytorch=2.5, pytorch-cuda=12.1, ffmpeg, numpy=1.26, "
       "{pip: [transformers, nvidia-nccl-cu12==2.21.5]}]\n");
  const auto recipe = made();
  EXPECT_TRUE(made_.solved) << made_.answer;
  EXPECT_EQ(recipe.spec.image, "my-env");
  EXPECT_EQ(recipe.spec.base.value, "ubuntu:22.04");
  EXPECT_EQ(recipe.spec.torch.cuda.value, "12.1");
  EXPECT_EQ(recipe.spec.apt.at(0).value, "ffmpeg");
  EXPECT_EQ(recipe.spec.pip.at(0).value, "numpy==1.26.*");
}

TEST_F(InitRecipe, ACompilerOfCondaBecomesVariantDevelAndWhereNoneCanBeHadTheAnswerSaysWhatWorks) {
  from("environment.yml", "dependencies: [pytorch, cuda-nvcc=13.0]\n");
  EXPECT_EQ(made().spec.variant.value, "devel");
  EXPECT_TRUE(made_.solved) << made_.answer;
  from("environment.yml", "dependencies: [pytorch=2.5, cudatoolkit=12.1, cuda-nvcc=12.1]\n");
  EXPECT_EQ(made().spec.variant.value, "devel");
  EXPECT_FALSE(made_.solved);
  EXPECT_NE(made_.answer.find("variant: \"runtime\""), std::string::npos) << made_.answer;
}

TEST_F(InitRecipe, WritesWhatHasNoWheelAsSomethingToBuild) {
  from("requirements.txt", "torch==2.9.1\nflash-attn==2.8.3\nnumpy\n");
  const auto recipe = made();
  ASSERT_EQ(recipe.spec.build.size(), 1U) << made_.text;
  EXPECT_EQ(recipe.spec.build[0].source.value, "flash-attn==2.8.3");
  EXPECT_EQ(recipe.spec.pip.size(), 1U);
}

TEST_F(InitRecipe, SaysWhereWhatWasCarriedOverHasNoVersionSet) {
  wishes_.gpus = {"RTX 5090"};
  from("requirements.txt", "torch==2.1.0+cu118\n");
  made();
  EXPECT_FALSE(made_.solved);
  EXPECT_THAT(made_.answer, HasSubstr("What would work"));
}

TEST_F(InitRecipe, WhereNobodyAsksForABaseOneIsTakenThatHasAnAnswer) {
  wishes_.gpus = {"A100"};
  from("requirements.txt", "torch==1.13.1+cu117\ntorchvision\n");
  EXPECT_EQ(made().spec.base.value, "ubuntu:22.04");
  EXPECT_TRUE(made_.solved) << made_.answer;
  EXPECT_EQ(made_.notes.back().what, "base");
  EXPECT_THAT(made_.notes.back().why, HasSubstr("no version set was found for debian:12"));
  wishes_.base = "debian:12";
  EXPECT_EQ(made().spec.base.value, "debian:12");
  EXPECT_FALSE(made_.solved);
}

TEST_F(InitRecipe, APartnerWithItsVersionSaysWhichTorchIsMeantOrThatItIsNotThisOne) {
  const auto why = [&](const std::string& what) {
    std::string text;
    for (const auto& note : made_.notes) {
      if (note.what == what) text += note.why;
    }
    return text;
  };
  from("requirements.txt", "torchvision==0.21.0+cu124\n");
  EXPECT_EQ(made().spec.torch.version.value.text(), "2.6.0");
  EXPECT_THAT(why("torchvision==0.21.0"), HasSubstr("became torch 2.6.0"));
  from("requirements.txt", "torch==2.7.0\ntorchaudio==2.6.0\n");
  EXPECT_EQ(made().spec.torch.version.value.text(), "2.7.0");
  EXPECT_THAT(why("torchaudio==2.6.0"), HasSubstr("it goes with torch 2.6.0, not with what else is asked for"));
  from("requirements.txt", "torchvision==0.99\n");
  made();
  EXPECT_THAT(why("torchvision==0.99"), HasSubstr("the data knows no torch that it goes with"));
}

TEST_F(InitRecipe, APythonThatNoBaseHasIsTold) {
  from("pyproject.toml", "[project]\nrequires-python = \"<3.9\"\n");
  made();
  ASSERT_EQ(made_.notes.size(), 2U);
  EXPECT_THAT(made_.notes[0].why, HasSubstr("is not named in it"));
  EXPECT_TRUE(made_.notes[1].dropped);
  EXPECT_THAT(made_.notes[1].why, HasSubstr("no base that envforge knows"));
}

TEST_F(InitRecipe, AnErrorPointsToTheFlagOrTheImportNeverToTheRecipeThatIsNotThere) {
  const auto place = [&] {
    try {
      made();
    } catch (const Error& error) {
      return support::to_string(error.where().value_or(support::Where{}));
    }
    return std::string("no error");
  };
  const auto usual = wishes_;
  const std::vector<std::pair<std::function<void()>, std::string>> cases = {
      {[&] { wishes_.gpus = {"H100", "H1000"}; }, "--gpu"}, {[&] { wishes_.driver = "RTX 5090"; }, "--driver"},
      {[&] { wishes_.torch = "nonsense"; }, "--torch"},     {[&] { wishes_.cuda = "cuda"; }, "--cuda"},
      {[&] { wishes_.python = "three"; }, "--python"},      {[&] { wishes_.base = "debain:12"; }, "--base"},
      {[&] { wishes_.image = "Not A Name"; }, "--image"},   {[&] { wishes_.pip = {"-r x"}; }, "--pip"}};
  for (const auto& [wish, flag] : cases) {
    wishes_ = usual;
    wish();
    EXPECT_EQ(place(), flag);
  }
  wishes_ = usual;
  from("requirements.txt", "flash-attn==2.8.3\nflash-attn==2.8.2\n");
  EXPECT_THAT(place(), HasSubstr("requirements.txt"));
}

TEST_F(InitRecipe, RefusesToOverwriteToGuessGpusAndToWriteWhatNoRecipeMayHold) {
  support::write_file_atomically(wishes_.file, "mine");
  EXPECT_EQ(failure(), ErrorCode::kUsage);
  EXPECT_EQ(support::read_file(wishes_.file), "mine");
  wishes_.file = at_.path("other.yaml");
  wishes_.gpus = {};
  EXPECT_EQ(failure(), ErrorCode::kUsage);
  wishes_.gpus = {"H1000"};
  EXPECT_EQ(failure(), ErrorCode::kGpuUnknown);
  wishes_.gpus = {"H100"};
  wishes_.pip = {"-r /etc/passwd"};
  EXPECT_EQ(failure(), ErrorCode::kBadRequirement);
  wishes_.pip = {};
  wishes_.image = "x\nuser: {name: root}";
  EXPECT_NE(failure(), ErrorCode::kInternal) << "no flag can add a word to the recipe";
}

}  // namespace
}  // namespace envforge::app
