#include "app/verify_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include <envforge/protocol/check_ids.hpp>
#include <envforge/support/error.hpp>

namespace envforge::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

struct Asked {
  VerifyOptions options;
  protocol::Report report;

  explicit Asked(const std::string& gpus, const std::string& suite = "standard") {
    options.gpus = parse_gpus(gpus);
    report.suite = suite;
  }
  VerifyPlan plan(const TorchGroup& torch = {{}, "the image has no torch"}) const {
    check_selection(options, report);
    return make_plan(options, report, torch);
  }
  std::set<std::string> groups() const {
    std::set<std::string> out;
    for (const auto& id : plan({"torch", ""}).checks) out.insert(protocol::group_of(id));
    return out;
  }
  std::string refusal() const {
    try {
      check_selection(options, report);
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kUsage);
      return error.message();
    }
    return "taken";
  }
};

TEST(VerifyPlan, OnlyAGroupThatNeedsAGpuIsRefusedWithoutOneAndNeverTheWholeSuite) {
  Asked asked("none");
  asked.options.only = {"cufft"};
  EXPECT_EQ(asked.refusal(), "--only cufft needs a GPU, and --gpus none was given");
  asked.options.only = {"container", "cuda.copy"};
  EXPECT_EQ(asked.refusal(), "--only cuda.copy needs a GPU, and --gpus none was given");
}

TEST(VerifyPlan, WhatSkipTakesAwayWholeIsRefused) {
  Asked asked("none");
  asked.options.only = {"container.shm"};
  asked.options.skip = {"container"};
  EXPECT_EQ(asked.refusal(), "--skip container takes all of --only container.shm away");
  asked.options.only.clear();
  asked.options.skip = protocol::known_groups();
  EXPECT_THAT(asked.refusal(), ::testing::EndsWith("leaves no check to run"));
  asked.options.skip = {"container.shm"};
  asked.options.only = {"container"};
  EXPECT_THAT(asked.plan().checks, Not(Contains("container.shm")));
}

TEST(VerifyPlan, ANamedGroupIsAskedForInEverySuite) {
  for (const char* suite : {"quick", "standard", "soak"}) {
    for (const char* group : {"cufft", "peer", "python"}) {
      Asked asked("all", suite);
      asked.options.only = {group};
      EXPECT_EQ(asked.groups(), std::set<std::string>{group}) << suite;
    }
  }
  Asked required("all", "quick");
  required.report.required = {"cufft"};
  EXPECT_EQ(required.groups().count("cufft"), 1U);
  required.report.required = {"cublas"};
  EXPECT_THAT(required.plan().checks, Not(Contains("cublas.gemm-int8"))) << "the suite has checks of cublas";
}

TEST(VerifyPlan, WithoutATorchGroupItsChecksAreSkippedOnceAndNothingElseRuns) {
  Asked asked("none");
  asked.options.only = {"torch", "torch.matmul"};
  const auto plan = asked.plan();
  EXPECT_TRUE(plan.checks.empty());
  std::set<std::string> ids;
  for (const auto& check : plan.torch_skipped.checks) {
    EXPECT_TRUE(ids.insert(check.id).second) << check.id << " stands twice";
    EXPECT_EQ(check.reason, "the image has no torch");
  }
  EXPECT_EQ(ids.count("torch.matmul"), 1U);
  EXPECT_THAT(plan.not_judged, ElementsAre("only torch, torch.matmul was asked for"));
}

}  // namespace
}  // namespace envforge::app
