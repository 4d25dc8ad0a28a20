#include <envforge/app/check_data.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/compat/knowledge.hpp>
#include <envforge/support/error.hpp>

#include "support/app_world.hpp"

namespace envforge::app {
namespace {

using testing::AppWorld;
using ::testing::ElementsAre;
using testing::FakePackage;
using testing::FakeUniverse;
using ::testing::HasSubstr;

// PyPI as the data knows torch 2.6.0: cu124 for amd64, Python 3.9 to 3.13, with what its wheel requires exactly.
FakeUniverse index_of_26() {
  FakeUniverse universe;
  auto& shelf = universe[""];
  std::vector<std::string> needs = {"triton==3.2.0"};
  std::vector<FakePackage> needed = {{"triton", "3.2.0", {}}};
  const compat::Knowledge knowledge = compat::embedded();
  for (const auto& build : knowledge.release("2.6.0")->builds) {
    if (build.cuda_variant != "cu124") continue;
    for (const auto& pin : build.pins) {
      needs.push_back(std::string(pin.package) + "==" + std::string(pin.version));
      needed.push_back({std::string(pin.package), std::string(pin.version), {}});
    }
  }
  for (const char* python : {"39", "310", "311", "312", "313"}) {
    const std::string tag = std::string("cp") + python;
    shelf.push_back({"torch", "2.6.0", needs, tag + "-" + tag + "-manylinux1_x86_64"});
  }
  shelf.insert(shelf.end(), needed.begin(), needed.end());
  shelf.push_back({"torchvision", "0.21.0", {"torch==2.6.0"}});
  shelf.push_back({"torchaudio", "2.6.0", {"torch==2.6.0"}});
  return universe;
}

class CheckData : public ::testing::Test {
 protected:
  DataCheck check(FakeUniverse universe) {
    at_.python = testing::FakePythonResolver(std::move(universe));
    return check_data(at_.world(), "2.6");
  }
  static FakePackage& package(FakeUniverse& universe, const std::string& name) {
    for (auto& entry : universe[""]) {
      if (entry.name == name) return entry;
    }
    throw std::runtime_error(name);
  }
  static std::string told(const DataCheck& result) {
    std::string text;
    for (const auto& difference : result.differences)
      text += difference.field + ": " + difference.data + " -> " + difference.found + "\n";
    return text;
  }

  AppWorld at_;
};

TEST_F(CheckData, FindsNothingWhereTheIndexServesWhatTheRowsSay) {
  const auto result = check(index_of_26());
  EXPECT_EQ(told(result), "");
  EXPECT_EQ(result.builds, 1U);
  EXPECT_GT(result.questions, 7U);
}

TEST_F(CheckData, TellsAnotherVersionOfAWheelThatHasNoFieldOfItsOwn) {
  auto universe = index_of_26();
  for (auto& entry : universe[""]) {
    for (auto& need : entry.requires_dist) {
      if (need == "nvidia-cufft-cu12==11.2.1.3") need = "nvidia-cufft-cu12==11.3.3.83";
    }
  }
  package(universe, "nvidia-cufft-cu12").version = "11.3.3.83";
  EXPECT_EQ(told(check(universe)), "nvidia-cufft-cu12: 11.2.1.3 -> 11.3.3.83\n");
}

TEST_F(CheckData, TellsAPinThatTheWheelDoesNotHave) {
  auto universe = index_of_26();
  for (auto& entry : universe[""]) {
    for (auto& need : entry.requires_dist) {
      if (need == "nvidia-nccl-cu12==2.21.5") need = "nvidia-nccl-cu12==2.22.3";
    }
  }
  package(universe, "nvidia-nccl-cu12").version = "2.22.3";
  const auto result = check(universe);
  ASSERT_EQ(told(result), "nccl: 2.21.5 -> 2.22.3\n");
  EXPECT_THAT(result.differences[0].row, HasSubstr("pytorch.json: 2.6.0 cu124, linux/amd64"));
}

TEST_F(CheckData, TellsAPythonThatHasAWheelAndOneThatHasNone) {
  auto universe = index_of_26();
  auto& shelf = universe[""];
  shelf.push_back(shelf.front());
  shelf.back().tag = "cp314-cp314-manylinux1_x86_64";
  shelf.erase(shelf.begin() + 1);
  EXPECT_EQ(told(check(universe)), "python 3.10: a wheel -> no wheel\npython 3.14: no wheel -> a wheel\n");
}

TEST_F(CheckData, TellsAPartnerThatDoesNotGoWithTorchAndAFloorThatMoved) {
  auto universe = index_of_26();
  package(universe, "torchvision").requires_dist = {"torch==2.5.1"};
  for (auto& entry : universe[""]) {
    if (entry.name == "torch") entry.tag = entry.tag.substr(0, entry.tag.rfind('-')) + "-manylinux_2_28_x86_64";
  }
  EXPECT_EQ(told(check(universe)),
            "min_glibc: 2.17 -> 2.28\ntorchvision: 0.21.0 -> does not go with torch==2.6.0 on Python 3.13\n");
}

TEST_F(CheckData, AReleaseThatIsNewerThanTheDataIsToldWithTheCommandThatBeginsItsRow) {
  auto universe = index_of_26();
  universe[""].push_back({"torch", "9.0.0", {}});
  EXPECT_THAT(told(check(universe)), HasSubstr("newest torch: 2.15.0 -> 9.0.0; `envforge data draft 9.0.0`"));
}

TEST_F(CheckData, AnIndexThatDoesNotAnswerIsAnErrorAndNoDifference) {
  at_.python = testing::FakePythonResolver(index_of_26());
  at_.python.reachable = false;
  try {
    check_data(at_.world(), "2.6");
    ADD_FAILURE() << "was not refused";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kIndexUnreachable);
  }
}

TEST_F(CheckData, ARangeWithoutARowIsRefusedForACheckOfNothingWouldPass) {
  at_.python = testing::FakePythonResolver(index_of_26());
  EXPECT_THROW(check_data(at_.world(), "9.9"), support::Error);
}

TEST_F(CheckData, ADraftHoldsWhatTheWheelsProveAndNullForTheRest) {
  at_.python = testing::FakePythonResolver(index_of_26());
  const auto draft = draft_release(at_.world(), "2.6.0");
  const auto& build = draft["builds"][0];
  EXPECT_EQ(build["cuda_variant"], "cu124");
  EXPECT_EQ(build["cudnn"], "9.1.0.70");
  EXPECT_EQ(draft["triton"], "3.2.0");
  EXPECT_TRUE(build["platforms"]["linux/amd64"]["sass"].is_null());
  EXPECT_EQ(build["python"].back(), "3.13");
  EXPECT_THROW(draft_release(at_.world(), "9.9.9"), support::Error);
}

TEST_F(CheckData, ADraftNamesThePythonsWithoutAGilTheDayOfTheWheelAndThePartners) {
  auto universe = index_of_26();
  for (auto& entry : universe[""]) entry.uploaded = "2025-01-29T16:24:00Z";
  universe[""].push_back({"torch", "2.6.0", {}, "cp313-cp313t-manylinux1_x86_64"});
  universe[""].push_back({"torch", "2.5.1", {}, "cp312-cp312-manylinux1_x86_64"});
  universe[""].push_back({"torchaudio", "2.11.0", {}, "cp312-cp312-manylinux1_x86_64"});  // serves several torch
  universe[""].push_back({"torchaudio", "2.11.0", {}, "cp313-cp313-manylinux1_x86_64"});
  at_.python = testing::FakePythonResolver(universe);
  const auto draft = draft_release(at_.world(), "2.6.0");
  EXPECT_EQ(draft["builds"][0].value("free_threaded", nlohmann::json()), nlohmann::json({"3.13t"}));
  EXPECT_EQ(draft["date"], "2025-01-29");
  EXPECT_EQ(draft["torchvision"], "0.21.0");
  EXPECT_FALSE(draft.contains("torchvision_python"));
  EXPECT_EQ(draft["torchaudio"], "2.11.0");
  EXPECT_EQ(draft.value("torchaudio_python", nlohmann::json()), nlohmann::json({"3.12", "3.13"}));
  EXPECT_EQ(draft.value("unverified", nlohmann::json()), nlohmann::json({"torchaudio"}))
      << "it does not ask for this torch";
}

TEST_F(CheckData, ADraftDoubtsNothingThatIsNull) {
  auto universe = index_of_26();
  std::erase_if(universe[""], [](const FakePackage& package) { return package.name == "torchvision"; });
  at_.python = testing::FakePythonResolver(universe);
  const auto draft = draft_release(at_.world(), "2.6.0");
  EXPECT_TRUE(draft["torchvision"].is_null());
  EXPECT_EQ(draft["date"], "2026-11-21") << "of the clock: this index has no upload dates";
  EXPECT_EQ(draft.value("unverified", nlohmann::json()), nlohmann::json({"date"}));
}

TEST_F(CheckData, TellsAPythonWithoutAGilThatHasAWheel) {
  auto universe = index_of_26();
  universe[""].push_back({"torch", "2.6.0", {}, "cp314-cp314t-manylinux1_x86_64"});
  EXPECT_EQ(told(check(universe)), "free_threaded: none -> 3.14t\n");
}

}  // namespace
}  // namespace envforge::app
