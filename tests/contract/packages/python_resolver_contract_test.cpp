// What a PythonResolver must do, on uv over an index of our own and on the fake that app's tests use.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/packages/package_needs.hpp>
#include <envforge/packages/uv_resolver.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>
#include <envforge/support/sha256.hpp>

#include "support/fake_python_resolver.hpp"
#include "support/python_index.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

using packages::PythonConflict;
using packages::PythonRequest;
using packages::ResolvedWheel;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

FakeUniverse universe() {
  return {{"",
           {{"torch", "2.6.0", {"numpy"}, "cp311-cp311-manylinux1_x86_64"},
            {"torch", "2.7.0", {"numpy"}, "cp311-cp311-manylinux_2_28_x86_64"},
            {"free", "1.0", {"numpy"}, "cp313-cp313t-manylinux_2_28_x86_64"},
            {"free", "2.0", {"numpy"}, "cp313-cp313-manylinux_2_28_x86_64"},
            {"bound", "1.0", {}, "cp313-cp313-manylinux_2_28_x86_64"},
            {"both", "1.0", {}, "cp311-cp311-manylinux_2_28_x86_64"},
            {"both", "1.0", {}, "cp314-cp314t-manylinux_2_28_aarch64"},
            {"numpy", "1.26.4", {}},
            {"numpy", "2.1.0", {}},
            {"numpy", "2.2.0", {}},
            {"old-stats", "1.0", {"numpy<2"}},
            {"pins-torch", "0.9", {"torch==2.6.0"}},
            {"pins-torch", "1.0", {"torch==2.6.0"}},
            {"loose-once", "0.1", {"torch>=2.6"}},
            {"loose-once", "1.0", {"torch==2.6.0"}},
            {"only-source", "1.0", {}, "", true},
            {"needs-source", "1.0", {"only-source"}},
            {"needs-ours", "1.0", {"ours>=2", "numpy"}},
            {"ours", "9.9", {}},  // somebody else's of that name
            {"needs-nothing-known", "1.0", {"no-such-thing"}},
            {"uv", "0.13.8", {}, "py3-none-manylinux_2_17_x86_64", false}}},
          {"pytorch-cu118",
           {{"torch", "2.6.0+cu118", {"numpy"}, "cp311-cp311-linux_x86_64"},
            {"numpy", "99.0", {}}}}};  // shadows the default index, if an index were not explicit
}

class Bench {
 public:
  virtual ~Bench() = default;
  virtual packages::PythonResolver& resolver() = 0;
  virtual std::string url(const std::string& index) = 0;
};

class FakeBench : public Bench {
 public:
  packages::PythonResolver& resolver() override { return fake_; }
  std::string url(const std::string& index) override { return index.empty() ? "" : "https://index.invalid/" + index; }

 private:
  FakePythonResolver fake_{universe()};
};

class UvBench : public Bench {
 public:
  UvBench() : resolver_(runner_, {(cache_.path() / "uv").string(), "", std::chrono::minutes(1)}) {
    PythonIndexServer::Indexes indexes;
    for (const auto& [name, packages] : universe()) {
      for (const FakePackage& package : packages) {
        indexes[name.empty() ? "pypi" : name].push_back(
            package.sdist_only
                ? make_sdist(package.name, package.version, "raise SystemExit('must not run')")
                : make_wheel({package.name,
                              package.version,
                              package.tag,
                              package.requires_dist,
                              {{"uv-" + package.version + ".data/scripts/uv", "uv " + package.version}}}));
      }
    }
    server_ = std::make_unique<PythonIndexServer>(std::move(indexes));
  }
  packages::PythonResolver& resolver() override { return resolver_; }
  std::string url(const std::string& index) override { return server_->url(index.empty() ? "pypi" : index); }

 private:
  process::PosixProcessRunner runner_;
  support::TempDir cache_;
  packages::UvResolver resolver_;
  std::unique_ptr<PythonIndexServer> server_;
};

class PythonResolverContract : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "fake") {
      bench_ = std::make_unique<FakeBench>();
      return;
    }
    if (process::PosixProcessRunner().find_programs("uv").empty()) {
      cannot_run("uv", "it is not on PATH");
      return;
    }
    bench_ = std::make_unique<UvBench>();
  }

  PythonRequest request(std::vector<std::string> pins, std::vector<std::string> requirements = {}) {
    PythonRequest request;
    request.python_version = "3.11";
    request.platform = "linux/amd64";
    request.glibc = "2.36";
    request.pins = std::move(pins);
    request.requirements = std::move(requirements);
    request.exclude_newer = "2026-01-01T00:00:00Z";
    request.default_index = bench_->url("");
    request.indexes = {{"pytorch-cu118", bench_->url("pytorch-cu118"), ""}};
    return request;
  }
  std::vector<ResolvedWheel> wheels(const PythonRequest& request) {
    auto answer = bench_->resolver().resolve(request);
    if (const auto* conflict = std::get_if<PythonConflict>(&answer)) {
      ADD_FAILURE() << (conflict->lines.empty() ? "conflict" : conflict->lines.front());
      return {};
    }
    return std::get<std::vector<ResolvedWheel>>(answer);
  }
  PythonConflict conflict(const PythonRequest& request) {
    auto answer = bench_->resolver().resolve(request);
    if (auto* conflict = std::get_if<PythonConflict>(&answer)) return *conflict;
    ADD_FAILURE() << "no conflict";
    return {};
  }
  static std::vector<std::string> versions(const std::vector<ResolvedWheel>& wheels) {
    std::vector<std::string> texts;
    for (const ResolvedWheel& wheel : wheels) texts.push_back(wheel.name + " " + wheel.version);
    return texts;
  }

  std::unique_ptr<Bench> bench_;
};

TEST_P(PythonResolverContract, APythonWithoutAGilGetsWheelsOfItsAbiAndThoseWithoutCode) {
  PythonRequest asked = request({}, {"free"});
  asked.python_version = "3.13t";
  const auto answer = wheels(asked);
  ASSERT_EQ(answer.size(), 2U);
  EXPECT_EQ(answer[0].filename, "free-1.0-cp313-cp313t-manylinux_2_28_x86_64.whl") << "2.0 has none for it";
  EXPECT_EQ(answer[1].name, "numpy");
  asked.python_version = "3.13";
  EXPECT_EQ(wheels(asked)[0].filename, "free-2.0-cp313-cp313-manylinux_2_28_x86_64.whl");
  asked.requirements = {"bound"};
  EXPECT_EQ(wheels(asked).size(), 1U);
  asked.python_version = "3.13t";
  EXPECT_FALSE(conflict(asked).lines.empty());
}

TEST_P(PythonResolverContract, PinsAreKeptAndTheRestIsTheNewestSortedByName) {
  const auto answer = wheels(request({"torch==2.6.0"}));
  EXPECT_THAT(versions(answer), ElementsAre("numpy 2.2.0", "torch 2.6.0"));
}

TEST_P(PythonResolverContract, EachWheelIsOneFileWithItsHashSizeAndIndex) {
  const auto answer = wheels(request({"torch==2.6.0"}));
  ASSERT_EQ(answer.size(), 2U);
  EXPECT_EQ(answer[1].filename, "torch-2.6.0-cp311-cp311-manylinux1_x86_64.whl");
  EXPECT_EQ(answer[1].sha256.size(), 64U);
  EXPECT_GT(answer[1].size, 0U);
  EXPECT_EQ(answer[1].index, "https://pypi.org/simple") << "a mirror is not what the lock records";
}

TEST_P(PythonResolverContract, SaysWhoNeedsAPackage) {
  const auto answer = wheels(request({"torch==2.6.0"}, {"old-stats"}));
  ASSERT_EQ(versions(answer), (std::vector<std::string>{"numpy 1.26.4", "old-stats 1.0", "torch 2.6.0"}));
  EXPECT_THAT(answer[0].required_by, ElementsAre("old-stats", "torch"));
  EXPECT_THAT(answer[2].required_by, ElementsAre());
}

TEST_P(PythonResolverContract, AnExplicitIndexServesItsPinAndNothingElse) {
  PythonRequest asked = request({"torch==2.6.0+cu118"});
  asked.pin_index = {{"torch", "pytorch-cu118"}};
  const auto answer = wheels(asked);
  EXPECT_THAT(versions(answer), ElementsAre("numpy 2.2.0", "torch 2.6.0+cu118"));
  EXPECT_EQ(answer[1].index, bench_->url("pytorch-cu118"));
  EXPECT_EQ(answer[1].filename, "torch-2.6.0+cu118-cp311-cp311-linux_x86_64.whl");
  EXPECT_EQ(answer[0].index, "https://pypi.org/simple");
}

TEST_P(PythonResolverContract, PreferencesAreKeptWhereTheyStillFit) {
  PythonRequest asked = request({"torch==2.6.0"});
  asked.preferences = {"numpy==2.1.0", "gone==1.0"};
  EXPECT_THAT(versions(wheels(asked)), ElementsAre("numpy 2.1.0", "torch 2.6.0"));
  asked.requirements = {"numpy>=2.2"};
  EXPECT_THAT(versions(wheels(asked)), ElementsAre("numpy 2.2.0", "torch 2.6.0"));
}

TEST_P(PythonResolverContract, ADependencyThatIsNowhereIsNamed) {
  const auto answer = conflict(request({"torch==2.6.0"}, {"needs-nothing-known"}));
  EXPECT_EQ(answer.kind, PythonConflict::Kind::kNoSuchPackage);
  EXPECT_EQ(answer.package, "no-such-thing");
  EXPECT_FALSE(answer.hint.empty());
}

TEST_P(PythonResolverContract, APackageWithoutAWheelIsNamedAsNeedingABuild) {
  const auto answer = conflict(request({}, {"needs-source"}));
  EXPECT_EQ(answer.kind, PythonConflict::Kind::kNeedsBuild);
  EXPECT_EQ(answer.package, "only-source");
  EXPECT_FALSE(answer.hint.empty());
}

TEST_P(PythonResolverContract, WhatTheCallerMakesIsNotLookedUpAndItsRequirersAreNamed) {
  auto asked = request({}, {"needs-ours"});
  for (const char* version : {"", "2.1"}) {  // not known yet, and known
    asked.provided = {{"ours", version}};
    const auto answer = wheels(asked);
    ASSERT_EQ(answer.size(), 3U) << version;
    EXPECT_EQ(answer[1].name, "numpy");
    EXPECT_EQ(answer[0].name, "needs-ours");
    EXPECT_EQ(answer[2].name, "ours");
    EXPECT_EQ(answer[2].index, packages::kProvided);
    EXPECT_EQ(answer[2].version, version);
    EXPECT_EQ(answer[2].filename, "");
    EXPECT_THAT(answer[2].required_by, ElementsAre("needs-ours"));
  }
  asked.requirements = {"numpy"};
  EXPECT_EQ(wheels(asked).size(), 1U) << "nothing requires it";
}

TEST_P(PythonResolverContract, AVersionThatTheCallerMakesIsHeldAgainstWhatRequiresIt) {
  auto asked = request({}, {"needs-ours"});
  asked.provided = {{"ours", "1.0"}};
  const auto told = conflict(asked);
  EXPECT_EQ(told.kind, PythonConflict::Kind::kUnsatisfiable);
  EXPECT_EQ(told.package, "ours");
  EXPECT_THAT(told.lines, ::testing::Contains(HasSubstr("ours>=2")));
}

TEST_P(PythonResolverContract, AnSdistIsFoundByItsVersionAndItsCodeIsNotRun) {
  // The real index serves one whose setup.py fails when it runs.
  const auto answer = bench_->resolver().find_sdist(request({}), "only-source", "1.0");
  ASSERT_TRUE(std::holds_alternative<packages::ResolvedSdist>(answer));
  const auto& sdist = std::get<packages::ResolvedSdist>(answer);
  EXPECT_EQ(sdist.name, "only-source");
  EXPECT_EQ(sdist.filename, "only-source-1.0.tar.gz");
  EXPECT_EQ(sdist.sha256.size(), 64U);
  EXPECT_EQ(sdist.index, "https://pypi.org/simple") << "a mirror is not what the lock records";
}

TEST_P(PythonResolverContract, AVersionWithoutASourceDistributionIsAConflict) {
  for (const auto& [name, version] : {std::pair{"only-source", "2.0"}, {"numpy", "2.2.0"}}) {
    const auto answer = bench_->resolver().find_sdist(request({}), name, version);
    ASSERT_TRUE(std::holds_alternative<PythonConflict>(answer)) << name;
    EXPECT_EQ(std::get<PythonConflict>(answer).kind, PythonConflict::Kind::kUnsatisfiable) << name;
    EXPECT_EQ(std::get<PythonConflict>(answer).package, name);
    EXPECT_FALSE(std::get<PythonConflict>(answer).hint.empty());
  }
  const auto nowhere = bench_->resolver().find_sdist(request({}), "no-such-thing", "1.0");
  ASSERT_TRUE(std::holds_alternative<PythonConflict>(nowhere));
  EXPECT_EQ(std::get<PythonConflict>(nowhere).kind, PythonConflict::Kind::kNoSuchPackage);
}

TEST_P(PythonResolverContract, AllWheelsOfAVersionAreNamedWhateverTheirPlatformAndPython) {
  const auto answer = bench_->resolver().wheel_names(request({}), "both", "1.0");
  ASSERT_TRUE(std::holds_alternative<std::vector<std::string>>(answer));
  EXPECT_THAT(std::get<std::vector<std::string>>(answer),
              ::testing::ElementsAre("both-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
                                     "both-1.0-cp314-cp314t-manylinux_2_28_aarch64.whl"));
  const auto other = bench_->resolver().wheel_names(request({}), "both", "2.0");
  EXPECT_TRUE(std::holds_alternative<PythonConflict>(other));
}

TEST_P(PythonResolverContract, RequirementsThatContradictAreUnsatisfiable) {
  const auto answer = conflict(request({"torch==2.6.0"}, {"old-stats", "numpy>=2"}));
  EXPECT_EQ(answer.kind, PythonConflict::Kind::kUnsatisfiable);
  EXPECT_FALSE(answer.lines.empty());
}

TEST_P(PythonResolverContract, APackageThatPinsTorchIsNamedInTheExplanation) {
  const auto answer = conflict(request({"torch==2.7.0"}, {"pins-torch==1.0"}));
  const auto needs = packages::needs_of(answer, "torch");
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_EQ(needs[0].package, "pins-torch");
  EXPECT_EQ(needs[0].needs, "torch==2.6.0");
}

TEST_P(PythonResolverContract, AnOlderVersionThatTakesTheTorchIsChosenWithoutAWord) {
  EXPECT_THAT(versions(wheels(request({"torch==2.7.0"}, {"loose-once"}))), ::testing::Contains("loose-once 0.1"));
}

TEST_P(PythonResolverContract, EachVersionsNeedOfTorchIsNamedInTheExplanation) {
  const auto answer = conflict(request({"torch==2.7.0"}, {"pins-torch"}));
  const auto needs = packages::needs_of(answer, "torch");
  ASSERT_FALSE(needs.empty());
  EXPECT_EQ(needs[0].needs, "torch==2.6.0");
}

TEST_P(PythonResolverContract, AWheelByItsAddressIsTakenWithTheHashThatTheRequirementSays) {
  const auto wheel = make_wheel({"old-stats", "1.0", "py3-none-any", {"numpy<2"}, {}});
  const std::string base = bench_->url("").empty() ? "https://index.invalid/pypi" : bench_->url("");
  const std::string url = base + "/files/" + wheel.filename;
  const auto answer = wheels(
      request({"torch==2.6.0"}, {"old-stats @ " + url + "#sha256=" + support::sha256_hex(wheel.bytes), "numpy<2"}));
  ASSERT_THAT(versions(answer), ElementsAre("numpy 1.26.4", "old-stats 1.0", "torch 2.6.0"));
  EXPECT_EQ(answer[1].index, url);
  EXPECT_EQ(answer[1].filename, "old_stats-1.0-py3-none-any.whl");
  EXPECT_EQ(answer[1].sha256, support::sha256_hex(wheel.bytes));
}

TEST_P(PythonResolverContract, AFolderIsNamedAsTheSource) {
  if (GetParam() != "fake") return;  // uv_resolver_test has real folders
  PythonRequest asked = request({"torch==2.6.0"});
  asked.wheels_dir = "/wheels";
  EXPECT_EQ(wheels(asked).front().index, "folder");
}

TEST_P(PythonResolverContract, TheToolIsResolvedLikeAPackageAndFetchedByItsHash) {
  const PythonRequest asked = request({}, {"uv"});
  const auto answer = wheels(asked);
  ASSERT_THAT(versions(answer), ElementsAre("uv 0.13.8"));
  const support::TempDir folder;
  const std::string path = (folder.path() / "uv").string();
  try {
    bench_->resolver().fetch_tool(answer.front(), asked, path);
  } catch (const support::Error& error) {
    FAIL() << support::format_error(error);
  }
  EXPECT_EQ(support::read_file(path), "uv 0.13.8");
}

INSTANTIATE_TEST_SUITE_P(Twins, PythonResolverContract, ::testing::Values("fake", "uv"),
                         [](const auto& twin) { return twin.param; });

}  // namespace
}  // namespace envforge::testing
