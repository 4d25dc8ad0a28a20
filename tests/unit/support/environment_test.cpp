#include <envforge/support/environment.hpp>

#include <gtest/gtest.h>

namespace envforge::support {
namespace {

using Variables = std::map<std::string, std::string>;

TEST(Environment, SplitsEachEntryAtItsFirstEqualsSign) {
  const char* const entries[] = {"A=1", "EMPTY=", "PAIR=x=y", nullptr};
  EXPECT_EQ(environment_of(entries), (Variables{{"A", "1"}, {"EMPTY", ""}, {"PAIR", "x=y"}}));
}

TEST(Environment, TakesTheFirstOfTwoEntriesAsGetenvDoes) {
  const char* const entries[] = {"A=first", "A=second", nullptr};
  EXPECT_EQ(environment_of(entries), (Variables{{"A", "first"}}));
}

TEST(Environment, LeavesOutAnEntryWithoutEqualsSign) {
  const char* const entries[] = {"word", nullptr};
  EXPECT_EQ(environment_of(entries), Variables{});
}

}  // namespace
}  // namespace envforge::support
