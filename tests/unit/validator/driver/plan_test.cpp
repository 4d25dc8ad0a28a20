#include "driver/plan.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::driver {
namespace {

protocol::GpuInfo gpu(const std::string& uuid) {
  protocol::GpuInfo info;
  info.uuid = uuid;
  return info;
}

TEST(Jobs, OnePerGpuExceptForWhatSpansAllOrNone) {
  const auto jobs = make_jobs({"audit.x", "container.y", "cublas.a", "cublas.b", "nccl.c", "torch.d", "python.e"},
                              {gpu("GPU-1"), gpu("GPU-2")});
  std::vector<std::string> text;
  for (const auto& job : jobs) {
    std::string line = job.group + ":";
    for (const auto& check : job.checks) line += " " + check;
    for (const auto& one : job.gpus) line += " " + one.uuid;
    text.push_back(line);
  }
  EXPECT_EQ(text,
            (std::vector<std::string>{"audit: audit.x", "cublas: cublas.a cublas.b GPU-1",
                                      "cublas: cublas.a cublas.b GPU-2", "nccl: nccl.c GPU-1 GPU-2",
                                      "torch: torch.d GPU-1", "torch: torch.d GPU-2", "python: python.e GPU-1 GPU-2"}));
}

TEST(Jobs, WhatWatchesBesideKnowsEveryGpuAndTakesNoTurn) {
  const auto jobs = make_jobs({"cublas.a", "nvml.watch"}, {gpu("GPU-1"), gpu("GPU-2")});
  ASSERT_EQ(jobs.size(), 3U);
  EXPECT_EQ(jobs[0].group, "nvml") << "it begins first";
  EXPECT_TRUE(jobs[0].beside);
  EXPECT_EQ(jobs[0].gpus.size(), 2U);
  EXPECT_FALSE(jobs[1].beside);
}

TEST(Jobs, WithoutAGpuOnlyWhatNeedsNoneMayRun) {
  for (const auto& job : make_jobs({"audit.x", "cublas.a", "nccl.c", "torch.d", "python.e"}, {})) {
    EXPECT_EQ(job.needs_gpu, job.group == "cublas" || job.group == "nccl") << job.group;
    EXPECT_TRUE(job.gpus.empty());
  }
}

}  // namespace
}  // namespace envforge::validator::driver
