#include <envforge/packages/apt_deb_source.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "support/fake_process.hpp"

namespace envforge::packages {
namespace {

namespace fs = std::filesystem;
using envforge::testing::ScriptedProcessRunner;
using process::Outcome;
using ::testing::ElementsAre;
using ::testing::Field;

const std::string kSha(64, 'a');

// apt-get as it is asked: `update` puts lists there, `install --print-uris` prints where the files are.
class Apt : public ::testing::Test {
 protected:
  void SetUp() override {
    support::write_file_atomically(folder_.path() / "keys/debian-archive-keyring.gpg", "key");
    release("first");
    runner_.on({"apt-get", "install"},
               ScriptedProcessRunner::exited(0, "'http://deb.debian.org/debian/pool/g/git_2.39_amd64.deb' git 1 x\n"));
  }
  void release(const std::string& text) {
    update_.outcome = ScriptedProcessRunner::exited(0);
    update_.effect = [text](const process::Command& command) {
      const fs::path folder = fs::path(command.environment->at("APT_CONFIG")).parent_path();
      const std::string stem = "deb.debian.org_debian_dists_bookworm_";
      support::write_file_atomically(folder / ("state/lists/" + stem + "InRelease"), text);
      support::write_file_atomically(folder / ("state/lists/" + stem + "main_binary-amd64_Packages"),
                                     "Package: git\nVersion: 2.39\nArchitecture: amd64\nFilename: "
                                     "pool/g/git_2.39_amd64.deb\nSize: 7\nSHA256: " +
                                         kSha + "\n\n");
    };
  }
  std::vector<ResolvedDeb> resolve(const DebRequest& request) {
    ScriptedProcessRunner runner = runner_;
    runner.on({"apt-get", "update"}, update_);
    AptDebSource source(runner, {(folder_.path() / "cache").string(), (folder_.path() / "keys").string()});
    auto answer = std::get<0>(source.resolve(request));
    asked_ = 0;
    for (const auto& call : runner.calls) asked_ += call.argv.at(1) == "install" ? 1 : 0;
    return answer;
  }
  static DebRequest git() {
    DebRequest request;
    request.mirror.base = "debian:12";
    request.mirror.architecture = "amd64";
    request.names = {"git"};
    return request;
  }
  std::vector<fs::path> answers() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "cache")) {
      if (entry.is_regular_file() && entry.path().parent_path().parent_path().filename() == "answers")
        files.push_back(entry.path());
    }
    return files;
  }

  support::TempDir folder_;
  ScriptedProcessRunner runner_;
  ScriptedProcessRunner::Reply update_;
  int asked_ = 0;
};

TEST_F(Apt, TheSameRequestOverTheSameListsIsAskedOnce) {
  const auto first = resolve(git());
  EXPECT_EQ(asked_, 1);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].sha256, kSha);
  const auto second = resolve(git());
  EXPECT_EQ(asked_, 0) << "the InRelease is the same";
  ASSERT_EQ(second.size(), 1U);
  for (const auto field : {&ResolvedDeb::name, &ResolvedDeb::version, &ResolvedDeb::architecture, &ResolvedDeb::suite,
                           &ResolvedDeb::filename, &ResolvedDeb::sha256})
    EXPECT_EQ(second[0].*field, first[0].*field);
  EXPECT_EQ(second[0].size, 7U);
}

TEST_F(Apt, OtherListsAreAskedAgainAndTheOldAnswersGo) {
  resolve(git());
  release("second");
  resolve(git());
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(answers().size(), 1U);
}

TEST_F(Apt, AnotherRequestIsAnotherQuestion) {
  resolve(git());
  auto request = git();
  request.installed.push_back({"libc6", "2.36", "amd64", "", "", ""});
  resolve(request);
  EXPECT_EQ(asked_, 1);
  request.preferred.push_back({"git", "2.39", "amd64", "", "", ""});
  resolve(request);
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(answers().size(), 3U);
}

TEST_F(Apt, ADamagedAnswerIsNone) {
  resolve(git());
  for (const std::string text :
       {"", "git\t2.39\n", "git\t2.39\tamd64\tbookworm\tp\tshort\t7\nend\n", "git 2.39\nend\n"}) {
    support::write_file_atomically(answers().at(0), text);
    EXPECT_EQ(resolve(git()).at(0).sha256, kSha);
    EXPECT_EQ(asked_, 1) << text;
  }
}

TEST_F(Apt, AnInterruptionIsToldAsOne) {
  for (const char* step : {"update", "install"}) {
    ScriptedProcessRunner runner;
    runner.on({"apt-get", "update"}, update_);
    runner.on({"apt-get", step}, ScriptedProcessRunner::ended(Outcome::Kind::kInterrupted));
    if (std::string(step) == "update") {
      runner = {};
      runner.on({"apt-get", "update"}, ScriptedProcessRunner::ended(Outcome::Kind::kInterrupted));
    }
    AptDebSource source(runner, {(folder_.path() / "cache").string(), (folder_.path() / "keys").string()});
    try {
      source.resolve(git());
      ADD_FAILURE() << step;
    } catch (const support::Error& error) {
      EXPECT_EQ(error.code(), support::ErrorCode::kInterrupted) << step;
    }
  }
  EXPECT_TRUE(answers().empty());
}

}  // namespace
}  // namespace envforge::packages
