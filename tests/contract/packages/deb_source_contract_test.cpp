// What a DebSource must do, on apt over a folder of packages of our own and on the fake that app's tests use.
#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/packages/apt_deb_source.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

#include "support/deb_files.hpp"
#include "support/fake_deb_source.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

using packages::DebConflict;
using packages::DebRequest;
using packages::ResolvedDeb;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<FakeDeb> universe() {
  return {{"base-files", "12", {"libc6"}, true},
          {"libc6", "2.36"},
          {"git", "2.0", {"libc6", "git-man"}},
          {"git", "1.0", {"libc6", "git-man"}},
          {"git-man", "2.0"},
          {"mail-a", "1.0", {}, false, {"mail-b"}},
          {"mail-b", "1.0", {}, false, {"mail-a"}},
          {"wants-nothing-known", "1.0", {"no-such-thing"}}};
}

class DebSourceContract : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "fake") {
      source_ = std::make_unique<FakeDebSource>(universe());
      return;
    }
    if (runner_.find_programs("apt-get").empty() || runner_.find_programs("dpkg-deb").empty()) {
      cannot_run("apt", "apt-get or dpkg-deb is not on PATH");
      return;
    }
    for (const FakeDeb& deb : universe()) {
      const DebFile file = make_deb(deb);
      support::write_file_atomically(folder_.path() / "debs" / file.filename, file.bytes);
    }
    source_ =
        std::make_unique<packages::AptDebSource>(runner_, packages::AptSettings{(folder_.path() / "apt").string()});
  }

  DebRequest request(std::vector<std::string> names) const {
    DebRequest request;
    request.mirror.base = "debian:12";
    request.mirror.architecture = "amd64";
    request.mirror.debs_dir = (folder_.path() / "debs").string();
    request.names = std::move(names);
    return request;
  }
  std::vector<ResolvedDeb> debs(const DebRequest& request) {
    auto answer = source_->resolve(request);
    if (const auto* conflict = std::get_if<DebConflict>(&answer)) {
      ADD_FAILURE() << (conflict->lines.empty() ? "conflict" : conflict->lines.front());
      return {};
    }
    return std::get<0>(answer);
  }
  DebConflict conflict(const DebRequest& request) {
    auto answer = source_->resolve(request);
    if (auto* conflict = std::get_if<DebConflict>(&answer)) return *conflict;
    ADD_FAILURE() << "no conflict";
    return {};
  }
  static std::vector<std::string> versions(const std::vector<ResolvedDeb>& debs) {
    std::vector<std::string> texts;
    for (const ResolvedDeb& deb : debs) texts.push_back(deb.name + " " + deb.version);
    return texts;
  }
  support::ErrorCode fetch_error(const std::vector<ResolvedDeb>& debs) {
    try {
      source_->fetch(request({}).mirror, debs, cache());
    } catch (const support::Error& error) {
      EXPECT_THAT(error.message(), HasSubstr(debs.front().name));
      return error.code();
    }
    return support::ErrorCode::kInternal;
  }
  std::string cache() const { return (folder_.path() / "cache").string(); }

  process::PosixProcessRunner runner_;
  support::TempDir folder_;
  std::unique_ptr<packages::DebSource> source_;
};

TEST_P(DebSourceContract, ANameComesWithWhatItNeedsSortedByName) {
  EXPECT_THAT(versions(debs(request({"git"}))), ElementsAre("git 2.0", "git-man 2.0", "libc6 2.36"));
}

TEST_P(DebSourceContract, EachPackageHasItsFileHashSizeAndSuite) {
  const auto answer = debs(request({"libc6"}));
  ASSERT_EQ(answer.size(), 1U);
  EXPECT_EQ(answer[0].filename, "libc6_2.36_amd64.deb");
  EXPECT_EQ(answer[0].architecture, "amd64");
  EXPECT_EQ(answer[0].suite, "folder");
  EXPECT_EQ(answer[0].sha256.size(), 64U);
  EXPECT_GT(answer[0].size, 0U);
}

TEST_P(DebSourceContract, WhatIsInstalledIsLeftOut) {
  DebRequest asked = request({"git"});
  asked.installed = debs(request({"libc6"}));
  EXPECT_THAT(versions(debs(asked)), ElementsAre("git 2.0", "git-man 2.0"));
  asked.names = {"libc6"};
  EXPECT_THAT(versions(debs(asked)), ElementsAre());
}

TEST_P(DebSourceContract, ABaseIsWhatIsEssentialAndItsNeeds) {
  DebRequest asked = request({});
  asked.with_base = true;
  EXPECT_THAT(versions(debs(asked)), ElementsAre("base-files 12", "libc6 2.36"));
}

TEST_P(DebSourceContract, PreferredVersionsAreKept) {
  DebRequest asked = request({"git"});
  ResolvedDeb old;
  old.name = "git";
  old.version = "1.0";
  asked.preferred = {old};
  EXPECT_THAT(versions(debs(asked)), ElementsAre("git 1.0", "git-man 2.0", "libc6 2.36"));
  asked.preferred[0].version = "0.5";
  EXPECT_THAT(versions(debs(asked)), ElementsAre("git 2.0", "git-man 2.0", "libc6 2.36"));
}

TEST_P(DebSourceContract, AVersionBehindANameIsTakenAndOneThatIsNotThereIsAConflict) {
  const auto answer = source_->resolve(request({"git=1.0"}));
  ASSERT_TRUE(std::holds_alternative<std::vector<ResolvedDeb>>(answer));
  const auto& debs = std::get<std::vector<ResolvedDeb>>(answer);
  EXPECT_EQ(debs.at(0).name + " " + debs.at(0).version, "git 1.0");
  const auto other = source_->resolve(request({"git=1:9.9"}));
  ASSERT_TRUE(std::holds_alternative<DebConflict>(other));
  const auto& conflict = std::get<DebConflict>(other);
  EXPECT_EQ(conflict.package, "git=1:9.9") << "as the recipe's line says it";
  if (GetParam() != "fake") {
    EXPECT_THAT(conflict.lines.at(0), HasSubstr("has git 1.0, 2.0, not 1:9.9"));
  }
}

TEST_P(DebSourceContract, AnUnknownNameIsAConflictThatNamesIt) {
  const DebConflict answer = conflict(request({"gti"}));
  EXPECT_EQ(answer.package, "gti");
  EXPECT_FALSE(answer.lines.empty());
  EXPECT_FALSE(answer.hint.empty());
}

TEST_P(DebSourceContract, PackagesThatExcludeEachOtherAreAConflict) {
  EXPECT_FALSE(conflict(request({"mail-a", "mail-b"})).lines.empty());
}

TEST_P(DebSourceContract, ADependencyThatIsNowhereIsAConflict) {
  EXPECT_FALSE(conflict(request({"wants-nothing-known"})).lines.empty());
}

TEST_P(DebSourceContract, FetchedFilesAreInTheOrderAskedForWithTheLockedHash) {
  auto asked = debs(request({"git"}));
  std::swap(asked.front(), asked.back());
  for (int round = 0; round < 2; ++round) {
    const auto paths = source_->fetch(request({}).mirror, asked, cache());
    ASSERT_EQ(paths.size(), asked.size());
    for (std::size_t i = 0; i < paths.size(); ++i) EXPECT_EQ(support::sha256_file_hex(paths[i]), asked[i].sha256);
    support::write_file_atomically(paths[1], "other bytes, with which the second round begins");
  }
}

TEST_P(DebSourceContract, AFileThatIsGoneIsToldApartFromOneThatIsAnother) {
  auto asked = debs(request({"libc6"}));
  asked[0].sha256 = std::string(64, '0');
  EXPECT_EQ(fetch_error(asked), support::ErrorCode::kDebDigest);
  asked[0].version = "2.35";
  asked[0].filename = "libc6_2.35_amd64.deb";
  EXPECT_EQ(fetch_error(asked), support::ErrorCode::kDebGone);
}

INSTANTIATE_TEST_SUITE_P(Twins, DebSourceContract, ::testing::Values("fake", "apt"),
                         [](const auto& twin) { return twin.param; });

}  // namespace
}  // namespace envforge::testing
