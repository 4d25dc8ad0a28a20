#include <envforge/app/report_key.hpp>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::app {
namespace {

TEST(ReportKey, TheSecretIsMadeOnceAndReadableByItsOwnerOnly) {
  const support::TempDir folder;
  const auto path = folder.path() / "sub" / "report.key";
  const std::string first = report_secret(path);
  EXPECT_EQ(first.size(), 64U);
  EXPECT_EQ(report_secret(path), first);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(ReportKey, ASecretThatOthersMayReadIsRefused) {
  const support::TempDir folder;
  const auto path = folder.path() / "report.key";
  report_secret(path);
  ::chmod(path.c_str(), 0644);
  EXPECT_THROW(report_secret(path), support::Error);
}

TEST(ReportKey, EveryNonceHasItsOwnKey) {
  EXPECT_NE(report_key("secret", "a"), report_key("secret", "b"));
  EXPECT_NE(report_key("secret", "a"), report_key("other", "a"));
  EXPECT_EQ(report_key("secret", "a").size(), 64U);
}

}  // namespace
}  // namespace envforge::app
