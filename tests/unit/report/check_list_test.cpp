#include <envforge/report/check_list.hpp>

#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/golden.hpp"

namespace envforge::report {
namespace {

const std::vector<protocol::CheckInfo> kTwo = {
    {"cublas.gemm-exact", "every bit of a product a | b is right in every type that this GPU has and in no other one",
     "one element is changed by 1", protocol::Suite::kQuick},
    {"nccl.send", "what is sent arrives", "none, for this is an example", protocol::Suite::kStandard}};

TEST(CheckList, TheDocumentIsThatOfTheTree) {
  testing::expect_golden(ENVFORGE_SOURCE_DIR "/docs/checks.md", check_list_markdown(protocol::check_catalog()));
}

TEST(CheckList, NoLineIsWiderThanEightyColumnsAndEveryCheckIsThere) {
  const std::string text = check_list_text(protocol::check_catalog());
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  for (const auto& check : protocol::check_catalog()) EXPECT_NE(text.find("  " + check.id + " "), std::string::npos);
}

TEST(CheckList, NamesSuiteProofAndControl) {
  EXPECT_EQ(check_list_text(kTwo), R"(2 checks; quick is part of standard, and standard of soak

cublas
  cublas.gemm-exact              quick
      proves: every bit of a product a | b is right in every type that this GPU
        has and in no other one
      control: one element is changed by 1

nccl
  nccl.send                      standard
      proves: what is sent arrives
      control: none, for this is an example
)");
}

TEST(CheckList, ABarDoesNotBreakTheTableOfTheDocument) {
  EXPECT_NE(check_list_markdown(kTwo).find("a \\| b"), std::string::npos);
}

TEST(CheckList, TheJsonHasARowForEachCheck) {
  const auto json = check_list_json(kTwo);
  EXPECT_EQ(json["schema"], "envforge/check-list");
  ASSERT_EQ(json["checks"].size(), 2U);
  EXPECT_EQ(json["checks"][1]["suite"], "standard");
  EXPECT_EQ(json["checks"][1]["group"], "nccl");
}

}  // namespace
}  // namespace envforge::report
