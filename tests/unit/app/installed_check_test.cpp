#include "app/installed_check.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>

#include "support/sample_lock.hpp"

namespace envforge::app {
namespace {

documents::LockedPlatform locked() {
  auto platform = testing::small_lock().platforms.at(testing::kPlatform);
  platform.wheels = {testing::wheel("torch", "2.6.0", true, '1'),
                     testing::wheel("typing-extensions", "4.12.2", false, '2')};
  return platform;
}

nlohmann::json installed() {
  return {{"schema", "envforge/installed"},
          {"schema_version", 1},
          {"python", "3.11.2"},
          {"packages",
           {{{"name", "torch"}, {"version", "2.6.0+cu124"}, {"bytes", 1000}},
            {{"name", "Typing_Extensions"}, {"version", "4.12.2"}, {"bytes", 10}}}},
          {"torch",
           {{"version", "2.6.0+cu124"},
            {"cuda", "12.4"},
            {"cudnn", 90100},
            {"nccl", {2, 21, 5}},
            {"architectures", "sm_90"},
            {"cxx11_abi", false}}}};
}

std::vector<std::string> differences(const nlohmann::json& report) {
  return check_installed(report.dump(), locked()).differences;
}

TEST(CheckInstalled, WhatIsLockedIsInstalled) {
  const auto check = check_installed(installed().dump(), locked());
  EXPECT_TRUE(check.differences.empty()) << check.differences.front();
  EXPECT_EQ(check.wheels, 2);
  EXPECT_EQ(check.cudnn, "9.1.0");
  EXPECT_EQ(check.nccl, "2.21.5");
  EXPECT_EQ(check.largest.front().name, "torch");
}

TEST(CheckInstalled, AnotherVersionAMissingAndAnExtraPackageAreDifferences) {
  auto report = installed();
  report["packages"][1] = {{"name", "pip"}, {"version", "24.0"}, {"bytes", 5}};
  report["packages"][0]["version"] = "2.5.1";
  const auto found = differences(report);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "torch is locked at 2.6.0 and installed at 2.5.1");
  EXPECT_EQ(found[1], "typing-extensions 4.12.2 is locked and not installed");
  EXPECT_EQ(found[2], "pip 24.0 is installed and not locked");
}

TEST(CheckInstalled, ACpuBuildOfTorchIsADifference) {
  auto report = installed();
  report["torch"]["cuda"] = nullptr;
  EXPECT_EQ(differences(report), std::vector<std::string>{"torch.version.cuda is none, locked is 12.4"});
}

TEST(CheckInstalled, AnotherCudnnOrNcclInsideIsADifference) {
  auto report = installed();
  report["torch"]["cudnn"] = 90200;
  report["torch"]["nccl"] = {2, 20, 5};
  EXPECT_EQ(differences(report), (std::vector<std::string>{"cuDNN inside is 9.2.0, locked is 9.1.0.70",
                                                           "NCCL inside is 2.20.5, locked is 2.21.5"}));
}

TEST(CheckInstalled, WhatCouldNotBeAskedIsSaidAndNeverTakenForEqual) {
  auto report = installed();
  report["torch"]["nccl"] = {{"error", "RuntimeError: no driver"}};
  const auto check = check_installed(report.dump(), locked());
  EXPECT_EQ(check.unread, std::vector<std::string>{"torch.cuda.nccl.version(): RuntimeError: no driver"});
  EXPECT_EQ(check.nccl, "");
}

TEST(CheckInstalled, ATorchThatCannotBeImportedIsADifference) {
  auto report = installed();
  report["torch"] = {{"error", {"ImportError: libcudart.so.12"}}};
  EXPECT_EQ(differences(report).size(), 1U);
}

TEST(CheckInstalled, SomethingElseThanTheCheckStagesFileIsRefused) {
  EXPECT_THROW(check_installed("{}", locked()), support::Error);
  EXPECT_THROW(check_installed("PASS", locked()), support::Error);
}

}  // namespace
}  // namespace envforge::app
