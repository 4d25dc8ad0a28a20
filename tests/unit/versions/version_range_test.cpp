#include <envforge/versions/version_range.hpp>

#include <gtest/gtest.h>

namespace envforge::versions {
namespace {

bool holds(const std::string& range, const std::string& version) {
  const auto parsed = VersionRange::parse(range);
  EXPECT_TRUE(parsed) << range;
  return parsed && parsed->contains(Version::of(version));
}

TEST(VersionRange, ABareShortVersionMeansEveryPatchOfIt) {
  EXPECT_TRUE(holds("2.6", "2.6.0"));
  EXPECT_TRUE(holds("2.6", "2.6.1"));
  EXPECT_FALSE(holds("2.6", "2.60.0"));
  EXPECT_TRUE(holds("2", "2.15.0"));
  EXPECT_TRUE(holds("2.6.*", "2.6.3"));
  EXPECT_TRUE(holds("==2.6.*", "2.6.3"));
}

TEST(VersionRange, ABareFullVersionMeansExactlyThat) {
  EXPECT_TRUE(holds("2.6.0", "2.6.0"));
  EXPECT_FALSE(holds("2.6.0", "2.6.1"));
  EXPECT_TRUE(holds("==2.6", "2.6.0"));
  EXPECT_FALSE(holds("==2.6", "2.6.1"));
}

TEST(VersionRange, ABareVersionOfAnyLengthCanBeReadAsABeginning) {
  const auto holds_so = [](const char* range, const char* version) {
    const auto parsed = VersionRange::parse_prefix(range);
    return parsed && parsed->text() == range && parsed->contains(Version::of(version));
  };
  EXPECT_TRUE(holds_so("9.10.2", "9.10.2.21"));
  EXPECT_TRUE(holds_so("2.27.5", "2.27.5"));
  EXPECT_FALSE(holds_so("9.1", "9.10.2.21"));
  EXPECT_FALSE(holds_so("9.10.2.2", "9.10.2.21"));
  EXPECT_TRUE(holds_so(">=9.10,<9.14", "9.13.0.50"));
  EXPECT_FALSE(holds_so("==9.10.2", "9.10.2.21"));
  EXPECT_FALSE(VersionRange::parse_prefix("new"));
  EXPECT_FALSE(VersionRange::parse_prefix(std::string(300, '1')));
}

TEST(VersionRange, EveryClauseMustHold) {
  EXPECT_TRUE(holds(">= 2.4, < 2.7", "2.6.0"));
  EXPECT_FALSE(holds(">=2.4,<2.7", "2.7.0"));
  EXPECT_FALSE(holds(">=2.4,<2.7,!=2.6.0", "2.6.0"));
  EXPECT_FALSE(holds(">=2.4,!=2.6.*", "2.6.1"));
  EXPECT_TRUE(holds("~=2.6.1", "2.6.9"));
  EXPECT_FALSE(holds("~=2.6.1", "2.6.0"));
  EXPECT_FALSE(holds("~=2.6.1", "2.7.0"));
  EXPECT_TRUE(holds("~=2.6", "2.15.0"));
}

TEST(VersionRange, AnyHoldsEverything) {
  EXPECT_TRUE(VersionRange().is_any());
  EXPECT_TRUE(holds("*", "0.1"));
  EXPECT_EQ(VersionRange().text(), "*");
}

TEST(VersionRange, SpeaksOfEveryBuildUnlessItNamesOne) {
  EXPECT_TRUE(holds("==2.6.0", "2.6.0+cu124"));
  EXPECT_TRUE(holds("<=2.6.0", "2.6.0+cu124"));
  EXPECT_FALSE(holds(">2.6.0", "2.6.0+cu124"));
  EXPECT_TRUE(holds("==2.6.0+cu124", "2.6.0+cu124"));
  EXPECT_FALSE(holds("==2.6.0+cu118", "2.6.0+cu124"));
}

TEST(VersionRange, PrereleasesAndPostreleasesOfABoundLieOnNeitherSide) {
  EXPECT_FALSE(holds("<2.7", "2.7.0rc1"));
  EXPECT_TRUE(holds("<2.7", "2.6.0rc1"));
  EXPECT_FALSE(holds(">2.6.0", "2.6.0.post1"));
  EXPECT_TRUE(holds(">=2.6.0", "2.6.0.post1"));
}

TEST(VersionRange, ExactlyIsWrittenAsAPin) {
  const VersionRange range = VersionRange::exactly(Version::of("2.6.0"));
  EXPECT_EQ(range.text(), "==2.6.0");
  EXPECT_TRUE(range.contains(Version::of("2.6")));
  EXPECT_FALSE(range.contains(Version::of("2.6.1")));
}

TEST(VersionRange, KnowsWhetherAllOfItIsOlder) {
  const Version version = Version::of("1.13.0");
  for (const char* text : {"1.12", "1.12.1", "==1.10.0+cu113", "<1.13", ">=1.10,<1.12", "~=1.12.0", "<=1.12.1"})
    EXPECT_TRUE(VersionRange::parse(text)->is_before(version)) << text;
  for (const char* text : {"1.13", "1.13.1", "<=1.13.0", ">=1.10", "!=1.10", "*", "2", "<1.14", "1"})
    EXPECT_FALSE(VersionRange::parse(text)->is_before(version)) << text;
}

TEST(VersionRange, IsEmptyWhereItsBoundsLeaveNoVersion) {
  for (const char* text : {">=2.6,<2.5", ">2.6,<2.6", ">2.6,<=2.6", ">=2.6,==2.5.*", "==2.6.0,==2.5.0"})
    EXPECT_TRUE(VersionRange::parse(text)->is_empty()) << text;
  for (const char* text : {"*", "2.6", ">=2.6", "<2.5", ">=2.5,<2.6", ">=2.6,<=2.6", "==2.6.*,>=2.6.1", "!=2.6"})
    EXPECT_FALSE(VersionRange::parse(text)->is_empty()) << text;
}

TEST(VersionRange, RefusesWhatIsNoRange) {
  for (const char* text : {"", " ", "latest", "=2.6", "===2.6", ">=", ">=2.*", "~=2", "~=2.*", "2.6,", ",", "2.6;2.7",
                           "*.1", "2.*.1", ">=2.6 <2.7", "^2.6", "<2.6.0rc1.*", "==2.6.0+cu124.*"}) {
    EXPECT_FALSE(VersionRange::parse(text)) << text;
  }
  EXPECT_FALSE(VersionRange::parse(std::string(257, '1')));
}

}  // namespace
}  // namespace envforge::versions
