#include <envforge/app/read_report.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::app {
namespace {

const std::string kEvidence = ENVFORGE_SOURCE_DIR "/docs/evidence/";

TEST(ReadReport, TheEvidenceOfThisTreeCanStillBeRead) {
  for (const char* name : {"h200-x1-quick.json", "h200-x2-standard.json"}) {
    EXPECT_EQ(document_kind(kEvidence + name), "envforge/sealed-report");
    EXPECT_FALSE(read_report(kEvidence + name).groups.empty()) << name;
  }
}

TEST(ReadReport, TwoReportsOfDifferentMachinesAreComparedByTheirKind) {
  const auto diff = diff_documents(kEvidence + "h200-x1-standard.json", kEvidence + "h200-x2-standard.json");
  EXPECT_NE(diff.text.find("1 x NVIDIA H200"), std::string::npos) << diff.text;
  EXPECT_NE(diff.text.find("2 x NVIDIA H200"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(diff.json)["schema"], "envforge/report-diff");
}

TEST(ReadReport, DocumentsThatHaveNoComparisonAreNamed) {
  const support::TempDir folder;
  const auto lock = (folder.path() / "a.lock").string(), none = (folder.path() / "b.json").string();
  support::write_file_atomically(lock, R"({"schema": "envforge/lock"})");
  support::write_file_atomically(none, "[]");
  const auto message = [](const auto& call) {
    try {
      call();
    } catch (const support::Error& error) {
      return std::string(error.message());
    }
    return std::string();
  };
  EXPECT_EQ(message([&] { diff_documents(lock, lock); }),
            "envforge diff does not compare documents of the kind 'envforge/lock'");
  EXPECT_NE(message([&] { diff_documents(lock, kEvidence + "h200-x1-quick.json"); }).find("cannot be compared"),
            std::string::npos);
  EXPECT_NE(message([&] { document_kind(none); }), "");
}

}  // namespace
}  // namespace envforge::app
