#include "elf/gpu_target.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::elf {
namespace {

GpuTarget target(const char* text) {
  return parse_gpu_target(text).value();
}

TEST(GpuTarget, IsReadAndNamedAsNvidiaDoes) {
  EXPECT_EQ(sass_name(target("9.0a")), "sm_90a");
  EXPECT_EQ(ptx_name(target("10.3f")), "compute_103f");
  EXPECT_EQ(capability_name(target("12.1")), "12.1");
  for (const char* bad : {"", ".", "9", "9.", ".0", "9.00", "120", "9.0b", "9.0aa", "x.0", "123.0", "-1.0"}) {
    EXPECT_FALSE(parse_gpu_target(bad).has_value()) << bad;
  }
}

TEST(GpuTarget, SassRunsOnTheSameMajorFromItsMinorOn) {
  EXPECT_TRUE(sass_runs_on(target("8.0"), target("8.0")));
  EXPECT_TRUE(sass_runs_on(target("8.0"), target("8.6")));
  EXPECT_TRUE(sass_runs_on(target("8.6"), target("8.9")));
  EXPECT_TRUE(sass_runs_on(target("7.0"), target("7.5")));
  EXPECT_FALSE(sass_runs_on(target("8.6"), target("8.0")));
  EXPECT_FALSE(sass_runs_on(target("8.9"), target("9.0")));
  EXPECT_FALSE(sass_runs_on(target("9.0"), target("10.0")));
}

TEST(GpuTarget, ArchitectureSpecificSassRunsOnExactlyThatOne) {
  EXPECT_TRUE(sass_runs_on(target("10.0a"), target("10.0")));
  EXPECT_FALSE(sass_runs_on(target("10.0a"), target("10.3")));
  EXPECT_FALSE(sass_runs_on(target("9.0a"), target("8.9")));
}

TEST(GpuTarget, FamilySpecificSassRunsOnTheFamilyFromThatMinorOn) {
  EXPECT_TRUE(sass_runs_on(target("10.0f"), target("10.3")));
  EXPECT_FALSE(sass_runs_on(target("10.3f"), target("10.0")));
  EXPECT_FALSE(sass_runs_on(target("10.0f"), target("12.0")));
}

TEST(GpuTarget, TegraAndDiscreteGpusDoNotShareSass) {
  EXPECT_FALSE(sass_runs_on(target("8.0"), target("8.7")));
  EXPECT_FALSE(sass_runs_on(target("8.7"), target("8.9")));
  EXPECT_FALSE(sass_runs_on(target("7.0"), target("7.2")));
  EXPECT_TRUE(sass_runs_on(target("8.7"), target("8.7")));
}

TEST(GpuTarget, PtxIsCompiledForwardUnlessItHasASuffix) {
  EXPECT_TRUE(ptx_compiles_for(target("5.0"), target("12.0")));
  EXPECT_TRUE(ptx_compiles_for(target("8.0"), target("8.7")));
  EXPECT_FALSE(ptx_compiles_for(target("9.0"), target("8.9")));
  EXPECT_FALSE(ptx_compiles_for(target("9.0a"), target("10.0")));
  EXPECT_TRUE(ptx_compiles_for(target("9.0a"), target("9.0")));
}

}  // namespace
}  // namespace envforge::validator::elf
