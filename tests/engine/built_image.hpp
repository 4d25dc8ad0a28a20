// Images of recipes with a real engine, the Debian mirror and PyPI's torch: gigabytes and minutes, so these tests are
// asked for.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <envforge/documents/lock.hpp>
#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

#include "contract/docker_setup.hpp"
#include "support/require.hpp"

namespace envforge::testing {

class BuiltImage : public ::testing::Test {
 protected:
  /// `recipe` becomes env.yaml, with `extension` (a folder of this repository) beside it.
  BuiltImage(std::string tag, std::string recipe, std::string extension)
      : tag_(std::move(tag)), recipe_(std::move(recipe)), extension_(std::move(extension)) {}

  void SetUp() override {
    // The wheels of torch are gigabytes to download, and a file that includes torch's headers takes minutes on a loaded
    // machine.
    if (std::getenv("ENVFORGE_LONG_TESTS") == nullptr)
      GTEST_SKIP() << "takes 5 to 20 minutes; ENVFORGE_LONG_TESTS=1 runs it";
    if (const std::string reason = setup_.unavailable(); !reason.empty()) return cannot_run("engine", reason);
    if (setup_.engine().info().architecture != "amd64") return cannot_run("engine", "the wheels are of linux/amd64");
    std::filesystem::copy(extension_, folder_.path() / "extension", std::filesystem::copy_options::recursive);
    support::write_file_atomically(folder_.path() / "env.yaml", recipe_);
  }
  void TearDown() override { setup_.engine().remove_image(tag_); }

  process::Outcome run(std::vector<std::string> argv) {
    process::Command command;
    command.argv = std::move(argv);
    command.extra_environment = {{"CI", ""}, {"TERM", "dumb"}, {"ENVFORGE_CACHE_DIR", cache()}};
    command.working_directory = folder_.path();
    command.deadline = std::chrono::minutes(40);
    process::PosixProcessRunner runner;
    return runner.run(command);
  }
  process::Outcome envforge(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), ENVFORGE_PROGRAM);
    return run(std::move(arguments));
  }
  process::Outcome docker(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), setup_.engine().info().client);
    return run(std::move(arguments));
  }
  std::string in_image(const std::string& code) {
    const auto outcome = docker({"run", "--rm", "--network=none", tag_, "python", "-c", code});
    return outcome.ok() ? outcome.out : outcome.err;
  }
  std::string cache() const { return (folder_.path() / "cache").string(); }
  documents::LockedPlatform locked() const {
    const auto path = folder_.path() / "env.lock";
    return documents::read_lock(support::read_file(path), path.string()).platforms.at("linux/amd64");
  }

  const std::string tag_, recipe_, extension_;
  contract::DockerSetup setup_;
  support::TempDir folder_;
};

}  // namespace envforge::testing
