#include "gpu/clock_watch.hpp"

#include <gtest/gtest.h>

namespace envforge::validator::gpu {
namespace {

constexpr unsigned int kMost = 1980;

void take(ClockWatch& watch, int samples, unsigned int megahertz, unsigned long long reasons = 0,
          unsigned int load = 97) {
  for (int i = 0; i < samples; ++i) {
    Sample sample;
    sample.megahertz = megahertz;
    sample.load = load;
    sample.reasons = reasons;
    watch.take(sample);
  }
}

TEST(ClockWatch, AHealthyGpuIsNeitherSlowedNorHeld) {
  // As an H200 at its power limit: the lowest of 608 samples was 1,050 MHz.
  ClockWatch watch;
  take(watch, 330, 1980);
  take(watch, 99, 1050, kNvmlPowerCap);
  take(watch, 100, 345, kNvmlIdle);
  take(watch, 79, 345, 0, 0);
  EXPECT_EQ(watch.working(), 429);
  EXPECT_EQ(watch.lowest(), 1050U);
  EXPECT_EQ(watch.median(), 1980U);
  EXPECT_FALSE(watch.is_slowed());
  EXPECT_EQ(watch.held_at(kMost), std::nullopt);
}

TEST(ClockWatch, AClockThatNothingExplainsIsHeld) {
  ClockWatch watch;
  take(watch, 9, 345);
  EXPECT_EQ(watch.held_at(kMost), std::nullopt) << "too few to say";
  take(watch, 1, 345, kNvmlSetClocks);
  EXPECT_EQ(watch.held_at(kMost), 345U);
  EXPECT_TRUE(watch.clocks_were_set());
  EXPECT_EQ(watch.held_at(690), std::nullopt) << "half of the most";
}

TEST(ClockWatch, AClockUnderThePowerCapIsNotHeldHoweverLow) {
  ClockWatch watch;
  take(watch, 100, 600, kNvmlPowerCap);
  take(watch, 100, 600, kNvmlSyncBoost);
  EXPECT_EQ(watch.held_at(kMost), std::nullopt);
}

TEST(ClockWatch, AClockOfWhichNoReasonIsToldIsNotHeld) {
  ClockWatch watch;
  Sample sample;
  sample.megahertz = 345;
  sample.load = 97;
  for (int i = 0; i < 20; ++i) watch.take(sample);
  EXPECT_EQ(watch.median(), 345U);
  EXPECT_EQ(watch.held_at(kMost), std::nullopt) << "it may be the power cap";
}

TEST(ClockWatch, AGpuThatStartsToWorkIsNotHeld) {
  ClockWatch watch;
  take(watch, 8, 345);
  take(watch, 12, 1980);
  EXPECT_EQ(watch.held_at(kMost), std::nullopt) << "its clock came up";
}

TEST(ClockWatch, AMomentOfSlowingIsNoFault) {
  ClockWatch moment;
  take(moment, 300, 1980);
  take(moment, 2, 1200, kNvmlHwSlowdown);
  take(moment, 298, 1980);
  EXPECT_EQ(moment.slowed(), 2);
  EXPECT_FALSE(moment.is_slowed()) << "two of 600";
  take(moment, 100, 345, kNvmlHwSlowdown, 0);
  EXPECT_FALSE(moment.is_slowed()) << "without load";
  take(moment, 3, 1200, kNvmlHwThermal);
  EXPECT_TRUE(moment.is_slowed()) << "three in a row";
  EXPECT_EQ(moment.faulty_reasons(), kNvmlHwSlowdown | kNvmlHwThermal);
}

TEST(ClockWatch, ATwentiethOfTheSamplesIsNoMoment) {
  ClockWatch watch;
  for (int i = 0; i < 3; ++i) {
    take(watch, 1, 1200, kNvmlPowerBrake);
    take(watch, 19, 1980);
  }
  EXPECT_TRUE(watch.is_slowed());
  take(watch, 1, 1980);
  EXPECT_FALSE(watch.is_slowed()) << "three of 61";
}

TEST(ClockWatch, ABoardThatTellsNoLoadIsSlowedAllTheSame) {
  ClockWatch watch;
  Sample sample;
  sample.megahertz = 345;
  for (int i = 0; i < 20; ++i) watch.take(sample);
  EXPECT_EQ(watch.held_at(kMost), std::nullopt) << "whether it works is not known";
  sample.reasons = kNvmlHwThermal;
  for (int i = 0; i < 3; ++i) watch.take(sample);
  EXPECT_TRUE(watch.is_slowed());
}

}  // namespace
}  // namespace envforge::validator::gpu
