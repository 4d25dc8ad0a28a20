#include <envforge/protocol/sealed_report.hpp>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::protocol {
namespace {

const std::string kKey(64, 'k');

support::ErrorCode code_of(const std::string& document, const std::string& key) {
  try {
    open_sealed(document, key, "r.json");
  } catch (const support::Error& error) {
    return error.code();
  }
  return support::ErrorCode::kInternal;
}

Report passing() {
  Report report;
  report.nonce = "n1";
  CheckResult result;
  result.id = "cuda.memory";
  result.verdict = Verdict::kPass;
  result.seconds = 0.1;
  report.groups.push_back({"cuda", {result}, {}, 0.3});
  return report;
}

TEST(SealedReport, OpensWithItsKeyOnly) {
  const std::string sealed = seal(passing(), kKey);
  EXPECT_EQ(open_sealed(sealed, kKey, "r.json").nonce, "n1");
  EXPECT_EQ(code_of(sealed, std::string(64, 'x')), support::ErrorCode::kReportNotTrusted);
  EXPECT_EQ(read_unverified(sealed, "r.json").nonce, "n1");
}

TEST(SealedReport, OneChangedByteIsSeen) {
  std::string sealed = seal(passing(), kKey);
  sealed.replace(sealed.find("\"n1\""), 4, "\"n2\"");
  EXPECT_EQ(code_of(sealed, kKey), support::ErrorCode::kReportNotTrusted);
}

TEST(SealedReport, ASpaceIsNoChange) {
  std::string sealed = seal(passing(), kKey);
  sealed.insert(1, "\n  ");
  EXPECT_EQ(open_sealed(sealed, kKey, "r.json").nonce, "n1");
}

TEST(SealedReport, AShortKeyIsRefused) {
  EXPECT_THROW(seal(passing(), "short"), support::Error);
}

TEST(SealedReport, EveryTextBetweenTheMarkersIsFound) {
  const std::string begin = std::string(kReportBegin) + "\n";
  const std::string end = "\n" + std::string(kReportEnd) + "\n";
  EXPECT_EQ(find_sealed("noise\n" + begin + "one" + end + begin + "two" + end),
            (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(find_sealed("noise " + begin + "cut off").empty());
}

}  // namespace
}  // namespace envforge::protocol
