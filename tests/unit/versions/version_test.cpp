#include <envforge/versions/version.hpp>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::versions {
namespace {

TEST(Version, OrdersAsPep440Orders) {
  const std::vector<std::string> ordered = {
      "1.13.1",      "2.0",         "2.6.0.dev20250101", "2.6.0a1", "2.6.0b2", "2.6.0rc1", "2.6.0rc10", "2.6.0",
      "2.6.0+cu118", "2.6.0+cu124", "2.6.0.post1",       "2.6.1",   "2.10.0",  "9.1.0.70", "9.10.2.21"};
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    for (std::size_t j = 0; j < ordered.size(); ++j) {
      EXPECT_EQ(Version::of(ordered[i]) < Version::of(ordered[j]), i < j) << ordered[i] << " and " << ordered[j];
      EXPECT_EQ(Version::of(ordered[i]) == Version::of(ordered[j]), i == j) << ordered[i] << " and " << ordered[j];
    }
  }
}

TEST(Version, TreatsMissingNumbersAndLeadingZerosAsEqual) {
  EXPECT_EQ(Version::of("2.6"), Version::of("2.6.0"));
  EXPECT_EQ(Version::of("580.65.06"), Version::of("580.65.6"));
  EXPECT_EQ(Version::of("2.6.0-rc1"), Version::of("2.6.0rc1"));
  EXPECT_EQ(Version::of("2.6.0beta2"), Version::of("2.6.0b2"));
}

TEST(Version, KeepsTheTextAsItWasWritten) {
  EXPECT_EQ(Version::of("580.65.06").text(), "580.65.06");
  const Version build = Version::of("2.6.0+cu124");
  EXPECT_EQ(build.local(), "cu124");
  EXPECT_EQ(build.without_local().text(), "2.6.0");
  EXPECT_EQ(build.without_local(), Version::of("2.6.0"));
  EXPECT_EQ(build.major(), 2U);
  EXPECT_EQ(build.minor(), 6U);
  EXPECT_EQ(build.patch(), 0U);
  EXPECT_EQ(build.part(7), 0U);
}

TEST(Version, KnowsPrereleases) {
  EXPECT_TRUE(Version::of("2.15.0rc1").is_prerelease());
  EXPECT_TRUE(Version::of("2.15.0.dev1").is_prerelease());
  EXPECT_FALSE(Version::of("2.15.0").is_prerelease());
  EXPECT_FALSE(Version::of("2.15.0.post1").is_prerelease());
}

TEST(Version, RefusesWhatIsNoVersion) {
  for (const char* text :
       {"", " 2.6", "2.6 ", "v2.6", "2..6", "2.6.", ".6", "two", "2.6.0+", "2.6.0+cu_", "2.6.0rcx", "2.6.0rc1.dev2",
        "2.6.*", "-1", "1!2.0", "2.6\n", "9999999999.1", "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1"}) {
    EXPECT_FALSE(Version::parse(text)) << text;
  }
  EXPECT_FALSE(Version::parse(std::string(65, '1')));
  EXPECT_THROW(Version::of("two"), support::Error);
}

}  // namespace
}  // namespace envforge::versions
