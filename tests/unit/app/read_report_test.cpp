#include <envforge/app/read_report.hpp>

#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

namespace envforge::app {
namespace {

const std::string kEvidence = ENVFORGE_SOURCE_DIR "/docs/evidence/";

TEST(ReadReport, TheEvidenceOfThisTreeCanStillBeRead) {
  for (const char* name : {"h200-x1-quick.json", "h200-x2-standard.json"}) {
    EXPECT_EQ(document_kind(read_document(kEvidence + name), name), "envforge/sealed-report");
    EXPECT_FALSE(read_report(kEvidence + name).groups.empty()) << name;
  }
}

TEST(ReadReport, ADocumentThatDoesNotSayItsKindIsRefused) {
  const support::TempDir folder;
  const auto none = (folder.path() / "b.json").string();
  support::write_file_atomically(none, "[]");
  EXPECT_THROW(document_kind(read_document(none), none), support::Error);
}

}  // namespace
}  // namespace envforge::app
