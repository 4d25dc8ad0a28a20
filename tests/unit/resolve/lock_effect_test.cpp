#include <envforge/resolve/lock_effect.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "support/sample_lock.hpp"
#include "support/spec_builder.hpp"

namespace envforge::resolve {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::SpecBuilder;

// torch 2.6.0 cu124, locked for a V100 with driver 535 and an A100 with 550.
documents::Lock two_pools() {
  documents::Lock lock = testing::small_lock();
  lock.spec = SpecBuilder().torch("2.6").pool({"V100"}, "535.183.06").pool({"A100"}, "550.90.07").spec();
  return lock;
}

LockEffect effect(const std::vector<std::string>& texts, const documents::Lock& lock = two_pools()) {
  std::vector<PoolChange> changes;
  for (const auto& text : texts) add_pool_change(changes, text);
  return lock_effects(lock, "a.lock", changes, compat::embedded()).front();
}

TEST(LockEffect, ANewerDriverThatSupportsTheGpuKeepsItButAsksForANewVerification) {
  EXPECT_EQ(effect({"pool1=R590"}).reasons, effect({"pool1=590"}).reasons);
  const auto kept = effect({"pool1=590"});
  EXPECT_EQ(kept.verdict, Verdict::kKeeps);
  EXPECT_TRUE(kept.verify_again);
  EXPECT_THAT(kept.reasons, Contains(HasSubstr("from 550.90.07 to R590")));
}

TEST(LockEffect, TheSameDriverAsksForNothing) {
  const auto kept = effect({"pool1=550.90.07"});
  EXPECT_EQ(kept.verdict, Verdict::kKeeps);
  EXPECT_FALSE(kept.verify_again);
  EXPECT_TRUE(kept.reasons.empty());
}

TEST(LockEffect, ADriverThatEndedSupportForTheGpuLosesThePool) {
  const auto lost = effect({"pool0=590"});
  EXPECT_EQ(lost.verdict, Verdict::kLoses);
  EXPECT_THAT(lost.reasons, Contains(HasSubstr("R580 is the last driver branch for Volta; driver R590 is newer")));
  EXPECT_THAT(lost.reasons, Contains(HasSubstr("[compat/cuda.json")));
}

TEST(LockEffect, ABranchStandsForItsNewestDriverAndATooOldOneLoses) {
  EXPECT_EQ(effect({"pool1=525"}).verdict, Verdict::kKeeps);
  EXPECT_EQ(effect({"pool1=525.60.12"}).verdict, Verdict::kLoses);
}

TEST(LockEffect, AnotherGpuIsJudgedByTheMachineCodeOfTheBuild) {
  EXPECT_EQ(effect({"pool1=H100"}).verdict, Verdict::kKeeps);
  EXPECT_TRUE(effect({"pool1=H100"}).verify_again);
  EXPECT_EQ(effect({"pool1=RTX 5090"}).verdict, Verdict::kLoses);
}

TEST(LockEffect, ANewPoolIsGainedOrCannotBe) {
  const auto gained = effect({"new=L4", "new=580"});
  EXPECT_EQ(gained.verdict, Verdict::kGains);
  EXPECT_TRUE(gained.verify_again);
  EXPECT_EQ(effect({"new=RTX 5090", "new=580"}).verdict, Verdict::kNever);
}

TEST(LockEffect, ADriverOlderThanAllThatListTheGpuIsNotKnownAndNeverKeeps) {
  auto lock = two_pools();
  lock.spec = SpecBuilder().torch("2.6").pool({"H100"}, "550.90.07").spec();
  EXPECT_EQ(effect({"pool0=535"}, lock).verdict, Verdict::kKeeps);
  const auto unknown = effect({"pool0=515"}, lock);
  EXPECT_EQ(unknown.verdict, Verdict::kLoses) << "CUDA 12 needs 525";
  lock.spec = SpecBuilder().torch("2.6").pool({"RTX 5090"}, "570.86.16").spec();
  lock.platforms.begin()->second.torch = "2.8.0";
  lock.platforms.begin()->second.cuda_variant = "cu128";
  EXPECT_EQ(effect({"pool0=575"}, lock).verdict, Verdict::kKeeps);
  const auto old = effect({"pool0=535"}, lock);
  EXPECT_EQ(old.verdict, Verdict::kUnknown);
  EXPECT_THAT(old.reasons, Contains(HasSubstr("no driver older than R570 is known to list a GPU of compute "
                                              "capability 12.0; driver R535 is older [compat/gpus.json")));
}

TEST(LockEffect, ADriverBranchThatTheDataLacksIsNotKnownAndNeverKeeps) {
  const auto unknown = effect({"pool1=999"});
  EXPECT_EQ(unknown.verdict, Verdict::kUnknown);
  EXPECT_THAT(unknown.reasons, Contains(HasSubstr("the driver branch R999 is not known to the data of")));
}

TEST(LockEffect, APoolThatTheLockLacksIsNotConcerned) {
  EXPECT_EQ(effect({"rtx=590"}).verdict, Verdict::kNotConcerned);
}

TEST(LockEffect, ABuildThatTheDataDoesNotKnowIsAnUnknownAndNeverANo) {
  auto lock = two_pools();
  lock.platforms.begin()->second.torch = "2.99.0";
  const auto unknown = effect({"pool1=590"}, lock);
  EXPECT_EQ(unknown.verdict, Verdict::kUnknown);
  EXPECT_THAT(unknown.reasons, Contains(HasSubstr("is not known to the data of")));
}

// torch 2.6.0 cu124 runs on sm_50 to sm_90; ops was compiled for the A100 alone.
documents::Lock with_built_wheel(const std::optional<std::vector<std::string>>& pools) {
  documents::Lock lock = testing::small_lock();
  lock.spec = SpecBuilder().torch("2.6").pool({"A100"}, "550.90.07").built("ops @ ./ops", pools).spec();
  lock.platforms.begin()->second.builds = {{"ops", "ops @ ./ops", "", "", std::string(64, 'a'), {}, {"sm_80"}, {}, {}}};
  return lock;
}

TEST(LockEffect, AGpuWithoutCodeInAWheelThatWasBuiltLosesThoughTorchHasIt) {
  const auto lock = with_built_wheel(std::nullopt);
  EXPECT_EQ(effect({"pool0=580"}, lock).verdict, Verdict::kKeeps);
  EXPECT_EQ(effect({"pool0=A10"}, lock).verdict, Verdict::kKeeps) << "code for 8.0 runs on 8.6";
  const auto lost = effect({"pool0=H100"}, lock);
  EXPECT_EQ(lost.verdict, Verdict::kLoses);
  EXPECT_THAT(lost.reasons, Contains("the wheel of ops is built with machine code for sm_80; H100 (compute capability "
                                     "9.0) needs sm_90 [a.lock]"));
  EXPECT_EQ(effect({"new=V100", "new=550.90.07"}, lock).verdict, Verdict::kNever);
}

TEST(LockEffect, AWheelThatWasBuiltForOtherPoolsAsksNothingOfThisOne) {
  EXPECT_EQ(effect({"pool0=H100"}, with_built_wheel(std::vector<std::string>{"pool0"})).verdict, Verdict::kLoses);
  EXPECT_EQ(effect({"new=H100", "new=550.90.07"}, with_built_wheel(std::vector<std::string>{"pool0"})).verdict,
            Verdict::kGains);
  EXPECT_EQ(effect({"pool0=H100"}, with_built_wheel(std::vector<std::string>{})).verdict, Verdict::kKeeps);
}

TEST(LockEffect, OnlyATerminalBreaksTheLineOfALock) {
  auto one = effect({"pool0=H100"}, with_built_wheel(std::nullopt));
  one.lock = std::string(70, 'a') + ".lock";
  const std::string head = one.lock + " (" + one.image + "), pool pool0: loses\n";
  EXPECT_EQ(explain({one}).substr(0, head.size()), head);
  EXPECT_EQ(explain({one}, true).substr(0, one.lock.size() + 5), one.lock + "\n    ");
}

TEST(LockEffect, RefusesAChangeThatItDoesNotUnderstand) {
  for (const auto& texts : {std::vector<std::string>{"rtx"}, {"=590"}, {"rtx="}, {"rtx=590", "rtx=580"}}) {
    try {
      effect(texts);
      ADD_FAILURE() << texts.front();
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kUsage);
    }
  }
}

}  // namespace
}  // namespace envforge::resolve
