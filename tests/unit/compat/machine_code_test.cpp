#include <envforge/compat/machine_code.hpp>

#include <gtest/gtest.h>

namespace envforge::compat {
namespace {

bool runs(const std::string& code, const std::string& cc) {
  const Knowledge knowledge = embedded();
  const auto target = parse_code_target(code);
  const auto* gpu = knowledge.architecture(cc);
  EXPECT_TRUE(target && gpu != nullptr) << code << " on " << cc;
  return target && gpu != nullptr && runs_on(*target, *gpu, knowledge);
}

TEST(MachineCode, RunsOnTheSameMajorFromItsMinorOn) {
  EXPECT_TRUE(runs("sm_80", "8.0"));
  EXPECT_TRUE(runs("sm_80", "8.6"));
  EXPECT_TRUE(runs("sm_86", "8.9"));
  EXPECT_TRUE(runs("sm_100", "10.3"));
  EXPECT_TRUE(runs("sm_120", "12.1"));
  EXPECT_FALSE(runs("sm_86", "8.0"));
  EXPECT_FALSE(runs("sm_90", "12.0"));
  EXPECT_FALSE(runs("sm_70", "6.0"));
}

TEST(MachineCode, OfSuffixARunsOnExactlyThatGpu) {
  EXPECT_TRUE(runs("sm_90a", "9.0"));
  EXPECT_TRUE(runs("sm_100a", "10.0"));
  EXPECT_FALSE(runs("sm_100a", "10.3"));
  EXPECT_FALSE(runs("compute_90a", "12.0"));
}

TEST(MachineCode, OfSuffixFRunsOnItsFamilyFromThatMinorOn) {
  EXPECT_TRUE(runs("sm_100f", "10.3"));
  EXPECT_FALSE(runs("sm_103f", "10.0"));
  EXPECT_FALSE(runs("sm_100f", "12.0"));
  EXPECT_TRUE(runs("compute_120f", "12.1"));
  EXPECT_FALSE(runs("compute_100f", "12.0"));
}

TEST(MachineCode, OfTegraAndOfDiscreteGpusDoNotMix) {
  EXPECT_FALSE(runs("sm_86", "8.7"));
  EXPECT_TRUE(runs("sm_87", "8.7"));
  EXPECT_FALSE(runs("sm_87", "8.9"));
  EXPECT_FALSE(runs("sm_70", "7.2"));
  EXPECT_FALSE(runs("sm_100", "10.1"));
}

TEST(MachineCode, PtxIsCompiledForwardOnly) {
  EXPECT_TRUE(runs("compute_90", "12.0"));
  EXPECT_TRUE(runs("compute_90", "9.0"));
  EXPECT_TRUE(runs("compute_80", "8.7"));
  EXPECT_FALSE(runs("compute_120", "9.0"));
}

TEST(MachineCode, ReadsOnlyTargets) {
  for (const char* text : {"", "sm_", "sm_9", "sm_9x", "sm_1200", "90", "compute_", "sm_90b", "gfx90a"}) {
    EXPECT_FALSE(parse_code_target(text)) << text;
  }
  EXPECT_EQ(sm_name("12.0"), "sm_120");
}

TEST(Coverage, AnUnknownListNeverRefuses) {
  const Knowledge knowledge = embedded();
  const auto& volta = *knowledge.architecture("7.0");
  static constexpr std::string_view kTuring[] = {"sm_75"};
  static constexpr std::string_view kOldPtx[] = {"compute_60"};
  BuildPlatform build;
  EXPECT_EQ(coverage(build, volta, knowledge), Coverage::kUnknown);
  build.sass = {true, false, kTuring};
  EXPECT_EQ(coverage(build, volta, knowledge), Coverage::kUnknown);
  build.sass.verified = true;
  EXPECT_EQ(coverage(build, volta, knowledge), Coverage::kNone);
  build.ptx = {true, true, kOldPtx};
  EXPECT_EQ(coverage(build, volta, knowledge), Coverage::kPtx);
  build.ptx.verified = false;
  EXPECT_EQ(coverage(build, volta, knowledge), Coverage::kLikely);
  EXPECT_EQ(coverage(build, *knowledge.architecture("7.5"), knowledge), Coverage::kMachineCode);
}

}  // namespace
}  // namespace envforge::compat
