// `verify --here` as a whole program, without GPU, engine and Python: what was selected, what an interruption leaves,
// and which paths are refused before anything runs.
#include <csignal>
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

#include "support/require.hpp"

namespace envforge::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class VerifyHereProgram : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ENVFORGE_HAS_GROUPS) cannot_run("groups", "this build has no portable groups (zig)");
  }
  /// `interrupt_at`: Ctrl-C when the progress holds these words.
  process::Outcome verify(const std::vector<std::string>& words, const std::string& interrupt_at = "") const {
    process::Command command;
    command.argv = {ENVFORGE_PROGRAM, "verify", "--here"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.environment = std::map<std::string, std::string>{
        {"HOME", folder_.path().string()}, {"PATH", "/nowhere"}, {"LC_ALL", "C.UTF-8"}, {"TERM", "dumb"}};
    command.working_directory = folder_.path().string();
    command.deadline = std::chrono::minutes(3);
    volatile std::sig_atomic_t interrupted = 0;
    process::PosixProcessRunner runner(&interrupted);
    return runner.run(command, [&](process::Stream, std::string_view line) {
      if (!interrupt_at.empty() && line.find(interrupt_at) != std::string_view::npos) interrupted = 1;
    });
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  support::TempDir folder_;
};

// Verdicts by id; an id that stands twice is a failure.
std::map<std::string, std::string> verdicts(const nlohmann::json& document) {
  std::map<std::string, std::string> out;
  for (const auto& group : document.at("report").at("groups")) {
    for (const auto& check : group.at("checks")) {
      const auto id = check.at("id").get<std::string>();
      EXPECT_TRUE(out.emplace(id, check.at("verdict").get<std::string>()).second) << id << " stands twice";
    }
  }
  return out;
}

TEST_F(VerifyHereProgram, OfAGroupThatCannotRunIsSkippedWithEachCheckOnceAndNothingElse) {
  const auto outcome = verify({"--gpus", "none", "--only", "torch", "--json"});
  const auto found = verdicts(nlohmann::json::parse(outcome.out));
  EXPECT_EQ(found.count("torch.matmul"), 1U);
  for (const auto& [id, verdict] : found) {
    EXPECT_THAT(id, StartsWith("torch."));
    if (verdict != "skipped") GTEST_SKIP() << "this machine has a torch";
  }
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(verify({"--gpus", "none", "--only", "torch"}).out, StartsWith("SKIPPED  "));
}

TEST_F(VerifyHereProgram, RunsWhatOnlyNamesAndNothingElse) {
  const auto outcome = verify({"--gpus", "none", "--only", "container.environment", "--json"});
  EXPECT_EQ(verdicts(nlohmann::json::parse(outcome.out)).size(), 1U) << outcome.out;
}

TEST_F(VerifyHereProgram, GpusThatAreAskedForAndNotThereAreExitSix) {
  for (const char* sign : {"/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia"}) {
    if (std::filesystem::exists(sign)) GTEST_SKIP() << "this machine has " << sign;
  }
  const auto outcome = verify({"--gpus", "all", "--only", "container.shm"});
  EXPECT_EQ(outcome.exit_code, 6) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("no NVIDIA GPU is to be seen here"));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(VerifyHereProgram, APathThatCannotBeWrittenIsToldBeforeTheRun) {
  support::write_file_atomically(path("file"), "");
  for (const char* option : {"--report", "--junit", "--html"}) {
    const auto outcome = verify({"--gpus", "none", "--only", "container", option, path("file") + "/below"});
    EXPECT_EQ(outcome.exit_code, 6) << option;
    EXPECT_THAT(outcome.err, HasSubstr("file/below")) << option;
    EXPECT_EQ(outcome.err.find("validating"), std::string::npos) << "it ran: " << outcome.err;
  }
}

TEST_F(VerifyHereProgram, AnInterruptedSoakGivesTheReportOfItsFinishedRounds) {
  const std::vector<std::string> soak = {"--gpus",    "none",        "--suite", "soak",
                                         "--minutes", "5",           "--only",  "container.environment",
                                         "--report",  path("r.json")};
  const auto outcome = verify(soak, "round 2 is over");
  EXPECT_THAT(outcome.out, HasSubstr("what further rounds would have found: the soak was interrupted")) << outcome.err;
  const auto report = nlohmann::json::parse(support::read_file(path("r.json"))).at("report");
  EXPECT_GE(report.at("rounds").get<int>(), 2);
  EXPECT_EQ(report.at("verdict"), "pass");
}

}  // namespace
}  // namespace envforge::testing
