// build.sh of the torch group refuses early what could only make a program that crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class TorchBuild : public ::testing::Test {
 protected:
  TorchBuild() {
    support::write_file_atomically(torch() / "version.py", "__version__ = '2.11.0'\n");
    support::write_file_atomically(torch() / "share/cmake/Torch/TorchConfig.cmake", "");
    fs::create_directories(torch() / "include/ATen");
  }
  fs::path torch() const { return folder_.path() / "torch"; }
  process::Outcome build(const std::string& compiler) {
    const fs::path cxx = folder_.path() / "cxx";
    support::write_file_atomically(cxx, "#!/bin/sh\nexec " + compiler + " \"$@\"\n");
    fs::permissions(cxx, fs::perms::owner_all);
    process::Command command;
    command.argv = {"sh", ENVFORGE_TORCH_BUILD, torch().string(), folder_.path().string(), folder_.path().string()};
    command.extra_environment = {{"CXX", cxx.string()}};
    return process::PosixProcessRunner().run(command);
  }

  support::TempDir folder_{"envforge-torch-build-test"};
};

TEST_F(TorchBuild, RefusesACompilerThatBringsACppLibraryOfItsOwn) {
  const auto outcome = build("c++ -static-libstdc++");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("does not link libstdc++.so, which torch uses: set CXX to a g++ that does"));
}

TEST_F(TorchBuild, RefusesACompilerThatMakesNoProgram) {
  const auto outcome = build("false");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("makes no C++ program"));
}

TEST_F(TorchBuild, TakesACompilerOfTorchsOwnCppLibraryAndGoesOnToTheSources) {
  EXPECT_THAT(build("c++").err, HasSubstr("lists no sources")) << "the folder given as sources is empty";
}

}  // namespace
}  // namespace envforge::testing
