#include <envforge/versions/driver.hpp>

#include <gtest/gtest.h>

namespace envforge::versions {
namespace {

TEST(Driver, IsNamedByItsVersionOrByItsBranch) {
  EXPECT_EQ(driver_text(parse_driver("550.90.07").value()), "550.90.07");
  EXPECT_EQ(driver_text(parse_driver("R550").value()), "R550");
  EXPECT_EQ(driver_text(parse_driver("550").value()), "R550");
  for (const char* none : {"", "R", "R550.90", "Rx", "x", "r550"}) EXPECT_FALSE(parse_driver(none)) << none;
}

TEST(Driver, OfABranchIsNewerThanAnyDriverOfItAndOlderThanTheNextBranch) {
  const Version branch = parse_driver("R550").value();
  EXPECT_GT(branch, Version::of("550.99999.99"));
  EXPECT_LT(branch, Version::of("551.0"));
}

}  // namespace
}  // namespace envforge::versions
