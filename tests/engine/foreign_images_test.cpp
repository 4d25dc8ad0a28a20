// `envforge verify` on images that envforge did not build: each must end in a report that says something true and
// useful.
#include "engine/verified_image.hpp"

namespace envforge::testing {
namespace {

using protocol::Verdict;
using ::testing::HasSubstr;

class ForeignImage : public VerifiedImage {};

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
