#include "app/check_progress.hpp"

#include <gtest/gtest.h>

namespace envforge::app {
namespace {

struct Seen : Events {
  void step(const std::string&) override {}
  void progress(const std::string&) override {}
  void note(const std::string&) override {}
  void warn(const std::string&) override {}
  void running(const std::vector<std::string>& lines) override { now = lines; }
  void finished(const std::string& line) override { done.push_back(line); }
  std::vector<std::string> now, done;
};

std::string told(const std::string& what, const std::string& check, const std::string& gpu, const std::string& text,
                 double seconds) {
  return to_line(protocol::Progress{what, check.substr(0, check.find('.')), check, gpu, text, seconds});
}

TEST(CheckProgress, EachRunningCheckHasItsLineAndEachFinishedOneIsTold) {
  Seen seen;
  CheckProgress progress(seen);
  progress.hear(told("doing", "cublas.gemm-exact", "GPU-11111111", "cublasGemmEx", 1));
  progress.hear(told("doing", "cublas.gemm-exact", "GPU-22222222", "cublasGemmEx", 1.5));
  ASSERT_EQ(seen.now.size(), 3U);
  EXPECT_EQ(seen.now[0], "0 checks done, 1.5 s");
  EXPECT_NE(seen.now[2].find("GPU ..22222222  cublasGemmEx"), std::string::npos) << seen.now[2];
  progress.hear(told("result", "cublas.gemm-exact", "GPU-11111111", "pass", 3));
  ASSERT_EQ(seen.done.size(), 1U);
  EXPECT_EQ(seen.done[0], "pass     cublas.gemm-exact           GPU ..11111111 2.0 s");
  EXPECT_EQ(seen.now.size(), 2U);
}

TEST(CheckProgress, WhatTheImagePrintsIsPassedOver) {
  Seen seen;
  CheckProgress progress(seen);
  for (const char* line : {"PASS", "{\"what\": 1}", "", "{}"}) progress.hear(line);
  EXPECT_TRUE(seen.now.empty());
  EXPECT_TRUE(seen.done.empty());
}

}  // namespace
}  // namespace envforge::app
