// `envforge verify` on images that envforge did not build: each must end in a report that says something true and
// useful.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include <nlohmann/json.hpp>

#include <envforge/protocol/report.hpp>
#include <envforge/protocol/sealed_report.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/exit_code.hpp>

#include "contract/docker_setup.hpp"
#include "support/require.hpp"
#include "support/third_party_image.hpp"

namespace envforge::testing {
namespace {

using contract::DockerSetup;
using protocol::CheckResult;
using protocol::Verdict;
using ::testing::HasSubstr;

class ForeignImage : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ENVFORGE_HAS_GROUPS) return cannot_run("groups", "this build has no portable groups (zig)");
    if (const std::string reason = setup_.unavailable(); !reason.empty()) return cannot_run("engine", reason);
  }
  void TearDown() override {
    for (const auto& tag : tags_) setup_.engine().remove_image(tag);
  }

  /// FROM scratch with the files of `image_` and these further lines.
  std::string build(const std::string& lines, const std::string& from = "scratch") {
    const support::TempDir context;
    std::filesystem::rename(image_.root(), context.path() / "tree");
    support::write_file_atomically(context.path() / "Dockerfile", "FROM " + from + "\nCOPY tree /\n" + lines + "\n");
    engine::BuildRequest request;
    request.context_dir = context.path();
    request.tags = {contract::own_name("a")};
    request.platform = platform_;
    request.network = "none";
    EXPECT_TRUE(setup_.engine().build(request, {}).ok);
    tags_.push_back(request.tags[0]);
    return request.tags[0];
  }

  struct Verified {
    process::Outcome outcome;
    protocol::Report report;
    const CheckResult* find(const std::string& id) const {
      for (const auto& group : report.groups) {
        for (const auto& check : group.checks) {
          if (check.id == id) return &check;
        }
      }
      return nullptr;
    }
    CheckResult check(const std::string& id) const {
      const auto* found = find(id);
      if (found != nullptr) return *found;
      ADD_FAILURE() << "no result for " << id << "\n" << outcome.out.substr(0, 2000) << outcome.err;
      return {};
    }
  };

  Verified verify(const std::string& image, const std::vector<std::string>& more = {}) {
    process::Command command;
    command.argv = {ENVFORGE_PROGRAM, "verify", image, "--gpus", "none", "--json"};
    command.argv.insert(command.argv.end(), more.begin(), more.end());
    command.extra_environment = {{"HOME", home_.path().string()}, {"XDG_CACHE_HOME", ""}, {"TERM", "dumb"}};
    command.deadline = std::chrono::minutes(3);
    process::PosixProcessRunner runner;
    Verified out;
    out.outcome = runner.run(command);
    if (out.outcome.out.find("envforge/report") != std::string::npos)
      out.report = protocol::read_unverified(out.outcome.out, "stdout");
    return out;
  }

  DockerSetup setup_;
  tests::FakeImage image_;
  support::TempDir home_;
  std::vector<std::string> tags_;
  std::string platform_;
};

TEST_F(ForeignImage, InCondasLayoutItsTorchIsFoundThoughNoPathNamesIt) {
  tests::with_conda_torch(tests::with_glibc(image_));
  const auto run = verify(build("ENV PATH=/opt/conda/bin"));
  const auto libraries = run.check("audit.libraries");
  EXPECT_EQ(libraries.verdict, Verdict::kPass) << libraries.reason;
  EXPECT_THAT(libraries.summary, HasSubstr("torch 2.5.1: 5 CUDA libraries"));
  EXPECT_THAT(run.check("audit.machine-code").summary, HasSubstr("torch has machine code for sm_80 sm_90"));
  EXPECT_THAT(run.check("audit.record").reason, HasSubstr("not installed from wheels"));
  EXPECT_THAT(run.check("torch.matmul").reason, HasSubstr("its torch 2.5.1 has no C++ headers"));
  EXPECT_EQ(run.outcome.exit_code, 0) << run.outcome.err;
}

TEST_F(ForeignImage, WithoutShellAndPythonTheLibrariesAreStillRead) {
  tests::with_torch_26(tests::with_glibc(image_));
  const auto run = verify(build("USER 65532:65532"));
  EXPECT_EQ(run.check("audit.libraries").verdict, Verdict::kPass);
  EXPECT_EQ(run.check("audit.installed").verdict, Verdict::kPass);
  EXPECT_EQ(run.check("audit.record").verdict, Verdict::kPass);
  EXPECT_EQ(run.outcome.exit_code, 0) << run.outcome.err;
}

TEST_F(ForeignImage, WhoseEntrypointExecsSomethingElseIsJudgedAllTheSame) {
  tests::with_torch_26(tests::with_glibc(image_));
  std::filesystem::copy_file(ENVFORGE_ENGINE_PROGRAM, image_.root() + "/entry");
  const auto run = verify(build("ENTRYPOINT [\"/entry\", \"echo\", \"PASS\"]\nCMD [\"PASS\"]\nUSER 12345"));
  EXPECT_EQ(run.check("audit.libraries").verdict, Verdict::kPass);
  EXPECT_EQ(run.outcome.out.find("PASS\n"), std::string::npos) << "the image's own program ran";
  EXPECT_EQ(run.outcome.exit_code, 0) << run.outcome.err;
}

TEST_F(ForeignImage, OnAReadOnlyRootIsJudgedAllTheSame) {
  tests::with_torch_26(tests::with_glibc(image_));
  const auto run = verify(build("USER 1000:1000"), {"--only", "audit", "--", "--read-only"});
  EXPECT_EQ(run.check("audit.libraries").verdict, Verdict::kPass) << run.outcome.err;
}

TEST_F(ForeignImage, WithoutTorchSaysSoForEachCheckThatNeedsOne) {
  tests::with_glibc(image_);
  image_.file("/usr/bin/python3.11");
  image_.link("/usr/bin/python3", "python3.11");
  const auto run = verify(build("ENV PATH=/usr/bin"));
  EXPECT_EQ(run.check("torch.matmul").verdict, Verdict::kSkipped);
  EXPECT_THAT(run.check("torch.matmul").reason, HasSubstr("no Python environment of it has torch (looked in /usr)"));
  EXPECT_EQ(run.check("audit.libraries").verdict, Verdict::kSkipped);
}

TEST_F(ForeignImage, WithoutGlibcSaysThatNoLibraryOfNvidiasCanRun) {
  std::filesystem::copy_file(ENVFORGE_ENGINE_PROGRAM, image_.root() + "/entry");
  const auto run = verify(build("ENTRYPOINT [\"/entry\"]"));
  EXPECT_THAT(run.check("audit.libraries").reason, HasSubstr("the loader of glibc"));
  EXPECT_THAT(run.check("torch.matmul").reason, HasSubstr("no Python environment, so no torch"));
  EXPECT_EQ(run.outcome.exit_code, 1) << "nothing but skips is no pass";
}

TEST_F(ForeignImage, OfAnotherArchitectureIsAClearAnswer) {
  // An image of files alone can be said to be of any platform.
  platform_ = setup_.engine().info().architecture == "arm64" ? "linux/amd64" : "linux/arm64";
  image_.file("/etc/os-release", "ID=debian\n");
  const auto run = verify(build(""));
  EXPECT_EQ(support::exit_code(support::ErrorCode::kValidatorMissing), support::ExitCode(run.outcome.exit_code));
  EXPECT_THAT(run.outcome.out, HasSubstr("the image is for " + platform_));
  EXPECT_THAT(run.outcome.out, HasSubstr("verify it on a machine of that architecture"));
}

}  // namespace
}  // namespace envforge::testing
