#include <envforge/support/percent_encoding.hpp>

#include <gtest/gtest.h>

namespace envforge::support {
namespace {

TEST(PercentDecoded, TakesBothCasesAndLeavesWhatIsNoCode) {
  EXPECT_EQ(percent_decoded("g%2b%2B_1%3a2"), "g++_1:2");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%2"), "%2");
  EXPECT_EQ(percent_decoded("%zz%g0"), "%zz%g0");
  EXPECT_EQ(percent_decoded("%e2%9c%93"), "\xe2\x9c\x93");
  EXPECT_EQ(percent_decoded(""), "");
}

}  // namespace
}  // namespace envforge::support
