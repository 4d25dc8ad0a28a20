#include <envforge/support/error.hpp>

#include <regex>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/support/files.hpp>

namespace envforge::support {
namespace {

TEST(ErrorTable, NumbersAreUniqueAndSortedAndEveryRowSaysTheNextStep) {
  int last = 0;
  std::set<std::string_view> slugs;
  for (const auto& row : error_rows()) {
    EXPECT_GT(static_cast<int>(row.code), last) << row.slug;
    last = static_cast<int>(row.code);
    EXPECT_TRUE(slugs.insert(row.slug).second) << row.slug;
    EXPECT_FALSE(row.title.empty()) << row.slug;
    EXPECT_FALSE(row.hint.empty()) << row.slug;
  }
}

TEST(ErrorTable, EveryCodeHasASectionInTheDocsAndTheReverse) {
  const std::string docs = read_file(ENVFORGE_SOURCE_DIR "/docs/errors.md");
  std::set<std::string> sections;
  const std::regex heading("### (EF[0-9]+ [a-z0-9-]+)\n");
  for (std::sregex_iterator match(docs.begin(), docs.end(), heading), end; match != end; ++match) {
    EXPECT_TRUE(sections.insert((*match)[1]).second) << (*match)[1];
  }
  std::set<std::string> rows;
  for (const auto& row : error_rows()) rows.insert(error_id(row.code) + " " + std::string(row.slug));
  EXPECT_EQ(sections, rows);
}

TEST(ErrorTable, FirstDigitIsTheExitCodeAndNineIsOurBug) {
  EXPECT_EQ(exit_code(ErrorCode::kRecipeSyntax), ExitCode::kBadDocument);
  EXPECT_EQ(exit_code(ErrorCode::kInternal), ExitCode::kBug);
}

TEST(Error, FormatsMessagePlaceNotesTraceAndHint) {
  Error error(ErrorCode::kRecipeSyntax, "expected a mapping, found a list", Where{"r.yaml", 7, 12, ""}, "write `a: b`");
  error.note("the list starts here").while_doing("locking r.yaml");
  EXPECT_EQ(format_error(error),
            "error[EF3002]: expected a mapping, found a list\n"
            "  --> r.yaml:7:12\n"
            "  the list starts here\n"
            "  while locking r.yaml\n"
            "  hint: write `a: b`\n");
  EXPECT_EQ(error_to_json(error)["where"]["line"], 7);
}

TEST(Error, OnATerminalIsWrappedAroundItsCommands) {
  Error error(ErrorCode::kRecipeSyntax, "the quick brown fox jumps over the lazy dog, and then over the next lazy dog",
              std::nullopt,
              "first look at what there is, and only after that call `envforge explain --matrix --gpu A`");
  error.note("    a line that was laid out before, however long it may be, is left exactly as it has been made");
  EXPECT_EQ(format_error(error, true),
            "error[EF3002]: the quick brown fox jumps over the lazy dog, and then over the\n"
            "    next lazy dog\n"
            "      a line that was laid out before, however long it may be, is left exactly as it has been made\n"
            "  hint: first look at what there is, and only after that call\n"
            "    `envforge explain --matrix --gpu A`\n");
  EXPECT_EQ(format_error(error).find("    next"), std::string::npos) << "a log keeps a message in one line";
}

TEST(Error, WithContextAddsATraceLineAndRethrows) {
  try {
    with_context("reading the moon", []() -> int { throw Error(ErrorCode::kRecipeSyntax, "no"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.trace(), std::vector<std::string>{"reading the moon"});
    EXPECT_EQ(error.hint(), error_row(ErrorCode::kRecipeSyntax).hint);
  }
}

}  // namespace
}  // namespace envforge::support
