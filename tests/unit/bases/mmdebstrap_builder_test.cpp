#include <envforge/bases/mmdebstrap_builder.hpp>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "support/fake_process.hpp"

namespace envforge::bases {
namespace {

using envforge::testing::ScriptedProcessRunner;
using ::testing::Contains;
using ::testing::HasSubstr;

class MmdebstrapBuilderTest : public ::testing::Test {
 protected:
  MmdebstrapBuilderTest() {
    support::write_file_atomically(folder_.path() / "bash_5_amd64.deb", "x");
    request_ = {"debian:12", "amd64", {(folder_.path() / "bash_5_amd64.deb").string()}, 1700000000};
    runner_.on({"dpkg-deb"}, ScriptedProcessRunner::exited(0, "Package: bash\nVersion: 5\n"));
  }
  support::Error error() {
    try {
      MmdebstrapBuilder(runner_).build(request_, tar());
    } catch (const support::Error& error) {
      return error;
    }
    return support::Error(support::ErrorCode::kInternal, "no error");
  }
  std::string tar() const { return (folder_.path() / "base.tar").string(); }

  ScriptedProcessRunner runner_;
  support::TempDir folder_;
  BaseRequest request_;
};

TEST_F(MmdebstrapBuilderTest, WithoutMmdebstrapSaysHowToGoOn) {
  const support::Error got = error();
  EXPECT_EQ(got.code(), support::ErrorCode::kProgramMissing);
  EXPECT_THAT(got.hint(), HasSubstr("apt install mmdebstrap"));
}

TEST_F(MmdebstrapBuilderTest, AFailureKeepsTheLastLinesAndNoTar) {
  runner_.programs["mmdebstrap"] = {"/usr/bin/mmdebstrap"};
  runner_.on({"mmdebstrap"}, ScriptedProcessRunner::exited(25, "", "I: one\nE: unable to create user namespace\n"));
  const support::Error got = error();
  EXPECT_EQ(got.code(), support::ErrorCode::kBaseBuild);
  EXPECT_THAT(got.notes(), Contains("E: unable to create user namespace"));
  EXPECT_FALSE(std::filesystem::exists(tar()));
}

TEST_F(MmdebstrapBuilderTest, MmdebstrapGetsExactlyThePackagesATimeAndNoEnvironmentOfTheCaller) {
  runner_.programs["mmdebstrap"] = {"/usr/bin/mmdebstrap"};
  runner_.on({"mmdebstrap"}, {ScriptedProcessRunner::exited(0), [](const process::Command& command) {
                                support::write_file_atomically(command.argv[command.argv.size() - 2], "tar");
                              }});
  MmdebstrapBuilder(runner_).build(request_, tar());
  EXPECT_EQ(support::read_file(tar()), "tar");
  const process::Command& command = runner_.calls.back();
  EXPECT_THAT(command.argv, Contains("--include=bash"));
  EXPECT_EQ(command.environment->at("SOURCE_DATE_EPOCH"), "1700000000");
  EXPECT_EQ(command.environment->count("HOME"), 0U);
}

TEST_F(MmdebstrapBuilderTest, LinksAreMadeBeforeOnlyForPackagesThatExpectThem) {
  runner_.programs["mmdebstrap"] = {"/usr/bin/mmdebstrap"};
  runner_.on({"mmdebstrap"}, ScriptedProcessRunner::exited(25));
  error();
  EXPECT_THAT(runner_.calls.back().argv, ::testing::Not(Contains(HasSubstr("--hook-dir="))));
  runner_.on({"dpkg-deb", "--field"}, ScriptedProcessRunner::exited(0, "Package: usr-is-merged\nVersion: 37\n"));
  error();
  EXPECT_THAT(runner_.calls.back().argv, Contains(HasSubstr("--hook-dir=")));
}

}  // namespace
}  // namespace envforge::bases
