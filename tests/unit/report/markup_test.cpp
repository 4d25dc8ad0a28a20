// JUnit and HTML: what an image can influence stays text.
#include <algorithm>

#include <gtest/gtest.h>

#include <envforge/process/process.hpp>
#include <envforge/report/html_report.hpp>
#include <envforge/report/junit_report.hpp>
#include <envforge/support/files.hpp>

#include "sample_reports.hpp"
#include "support/golden.hpp"

namespace envforge::report {
namespace {

using protocol::Verdict;

/// Names of elements and attributes, sorted, for rows are in the order of their texts: what a browser would act on.
std::vector<std::string> structure_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at + 1)) {
    const std::size_t end = text.find('>', at);
    std::string tag;
    bool quoted = false;
    for (std::size_t i = at; i < end && i < text.size(); ++i) {
      if (text[i] == '"') quoted = !quoted;
      if (!quoted) tag += text[i];
    }
    out.push_back(tag);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Markup, AHostileTextAddsNoElementAndNoAttributeToThePage) {
  const auto harmless = structure_of(html_report(hostile_run("x")));
  for (const auto& text : kHostile) EXPECT_TRUE(structure_of(html_report(hostile_run(text))) == harmless) << text;
}

TEST(Markup, AHostileTextAddsNoElementAndNoAttributeToTheXml) {
  const auto harmless = structure_of(junit_report(hostile_run("x")));
  for (const auto& text : kHostile) EXPECT_TRUE(structure_of(junit_report(hostile_run(text))) == harmless) << text;
}

TEST(Markup, NoControlCharacterAndNoTurnOfDirectionReachesThePage) {
  for (const auto& text : kHostile) {
    for (const std::string& page : {html_report(hostile_run(text)), junit_report(hostile_run(text))}) {
      for (const char c : page) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << text;
      EXPECT_EQ(page.find("\xE2\x80\xAE"), std::string::npos);
      EXPECT_EQ(page.find("\xC2\x9B"), std::string::npos);
      EXPECT_EQ(page.find("\xEF\xBF\xBE"), std::string::npos);
    }
  }
}

TEST(Markup, ThePageNeedsNothingFromElsewhereAndRunsNothing) {
  const std::string page = html_report(run_of({600, 700}));
  EXPECT_EQ(count_of(page, "<script"), 0U);
  EXPECT_EQ(count_of(page, "http://") + count_of(page, "https://") + count_of(page, "src=") + count_of(page, "url("),
            0U);
  EXPECT_EQ(count_of(page, "default-src 'none'"), 1U);
  EXPECT_EQ(count_of(page, "<svg"), 2U) << "measured against the model, and the GPUs against each other";
}

TEST(Markup, OnlyRatesAreDrawnAgainstTheModel) {
  auto report = run_of({660});
  EXPECT_NE(html_report(report).find("Measured against the model"), std::string::npos);
  report.groups[0].checks[0].measurements[0].unit = "";
  EXPECT_EQ(html_report(report).find("Measured against the model"), std::string::npos);
}

TEST(Markup, RatesOverThreeSizesAreDrawnAsACurve) {
  auto report = run_of({700});
  auto& check = report.groups[0].checks[0];
  for (const char* size : {"1 MiB", "64 MiB", "512 MiB"})
    check.measurements.push_back({"bus bandwidth", 300, "GB/s", {}, "", {{"size", size}}});
  const std::string page = html_report(report);
  EXPECT_EQ(count_of(page, "<polyline"), 1U);
  EXPECT_NE(page.find("64 MiB: 300 GB/s"), std::string::npos);
}

TEST(Junit, EachVerdictHasItsElement) {
  auto report = run_of({700});
  report.groups.push_back(
      {"nccl",
       {check_of("nccl.a", Verdict::kFail, "wrong"), check_of("nccl.b", Verdict::kCrashed, "signal 11"),
        check_of("nccl.c", Verdict::kHung, "no end"), check_of("nccl.d", Verdict::kError, "threw"),
        check_of("nccl.e", Verdict::kSkipped, "one GPU"), check_of("nccl.f", Verdict::kDegraded, "slow")},
       {},
       1});
  report.groups[1].checks[0].layer = protocol::Layer::kContainerFlags;
  report.groups[1].checks[0].mend = "docker run --shm-size=1g";
  testing::expect_golden(ENVFORGE_SOURCE_DIR "/tests/golden/report/junit.xml", junit_report(report));
}

TEST(Junit, ARequirementThatWasNotMetIsRedThoughNoCheckFailed) {
  auto report = run_of({700});
  EXPECT_EQ(count_of(junit_report(report), "<failure"), 0U);
  report.required = {"nccl"};
  EXPECT_EQ(count_of(junit_report(report), "<failure message=\"1 check passed; required nccl did not run\""), 1U);
}

TEST(Junit, IsWellFormedForAParser) {
  process::PosixProcessRunner runner;
  const auto found = runner.find_programs("xmllint");
  const auto python = runner.find_programs("python3");
  if (found.empty() && python.empty()) GTEST_SKIP() << "neither xmllint nor python3 is here";
  const support::TempDir folder;
  for (const auto& text : kHostile) {
    const auto file = folder.path() / "junit.xml";
    support::write_file_atomically(file, junit_report(hostile_run(text)));
    process::Command command;
    command.argv = !found.empty()
                       ? std::vector<std::string>{found.front(), "--noout", file.string()}
                       : std::vector<std::string>{python.front(), "-c",
                                                  "import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])",
                                                  file.string()};
    const auto outcome = runner.run(command);
    EXPECT_EQ(outcome.exit_code, 0) << text << outcome.err;
  }
}

}  // namespace
}  // namespace envforge::report
