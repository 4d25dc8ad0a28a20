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

TEST(PercentEncoding, OfAPathIsUndoneByDecoding) {
  EXPECT_EQ(percent_encoded_path("/tmp/a-b_c.d~e"), "/tmp/a-b_c.d~e");
  EXPECT_EQ(percent_encoded_path("/a b#c%/\xc3\xa9"), "/a%20b%23c%25/%C3%A9");
  EXPECT_EQ(percent_decoded(percent_encoded_path("/a b#c%/\xc3\xa9?;\"")), "/a b#c%/\xc3\xa9?;\"");
}

}  // namespace
}  // namespace envforge::support
