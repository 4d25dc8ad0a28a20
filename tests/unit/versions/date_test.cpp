#include <envforge/versions/date.hpp>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::versions {
namespace {

TEST(Date, ADayIsCountedFromTheEpoch) {
  EXPECT_EQ(parse_day("1970-01-02").value().time_since_epoch().count(), 1);
  EXPECT_EQ(parse_day("2026-11-21").value() - parse_day("2026-02-28").value(), std::chrono::days(266));
  EXPECT_EQ(parse_day("2024-02-29").value() + std::chrono::days(1), parse_day("2024-03-01"));
}

TEST(Date, WhatIsNoDayOfTheCalendarIsNone) {
  for (const char* text :
       {"", "2026-11", "2026-11-2", "2026-11-211", "2026-11-21T00:00:00Z", "2026/11/21", "2026-13-01", "2026-00-01",
        "2026-11-00", "2026-11-31", "2026-02-29", "-026-11-21", " 026-11-21", "2026-1 -21"})
    EXPECT_FALSE(parse_day(text)) << text;
}

TEST(Date, ATimeBehindTheDayIsNotLookedAt) {
  EXPECT_EQ(day_of("2026-11-21T23:59:59Z"), parse_day("2026-11-21"));
  EXPECT_THROW(day_of("2026-11"), support::Error);
}

}  // namespace
}  // namespace envforge::versions
