// A package that is compiled against torch: a small extension of ours, with a real engine, the Debian mirror and PyPI's
// torch. What its build may do is read from what the build itself wrote down.
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/documents/lock.hpp>
#include <envforge/process/process.hpp>
#include <envforge/support/files.hpp>

#include "contract/docker_setup.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kRecipe = R"(schema: envforge/recipe/v1
image: envforge-test-built-wheel
target: [{name: hopper, gpus: [H100, H200], driver: "580.65.06"}]
base: debian:12
torch: "2.6.0"
packages:
  build: [{source: "envforge-example @ ./extension", pools: [], environment: {EXAMPLE_WISH: "two $words 'x'"}}]
tags: [t1]
)";
constexpr const char* kTag = "envforge-test-built-wheel:t1";

class BuiltWheel : public ::testing::Test {
 protected:
  void SetUp() override {
    // The wheels of torch are 2.6 GB to download, and a file that includes torch's headers takes minutes on a loaded
    // machine.
    if (std::getenv("ENVFORGE_LONG_TESTS") == nullptr)
      GTEST_SKIP() << "takes 5 to 20 minutes; ENVFORGE_LONG_TESTS=1 runs it";
    if (const std::string reason = setup_.unavailable(); !reason.empty()) return cannot_run("engine", reason);
    if (setup_.engine().info().architecture != "amd64") return cannot_run("engine", "the wheels are of linux/amd64");
    fs::copy(ENVFORGE_TORCH_EXTENSION, folder_.path() / "extension", fs::copy_options::recursive);
    support::write_file_atomically(folder_.path() / "env.yaml", kRecipe);
  }
  void TearDown() override { setup_.engine().remove_image(kTag); }

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
  std::string cache() const { return (folder_.path() / "cache").string(); }
  documents::LockedPlatform locked() const {
    const auto path = folder_.path() / "env.lock";
    return documents::read_lock(support::read_file(path), path.string()).platforms.at("linux/amd64");
  }
  std::string in_image(const std::string& code) {
    const auto outcome =
        run({setup_.engine().info().client, "run", "--rm", "--network=none", kTag, "python", "-c", code});
    return outcome.ok() ? outcome.out : outcome.err;
  }

  contract::DockerSetup setup_;
  support::TempDir folder_;
};

TEST_F(BuiltWheel, IsCompiledOnceAgainstTheTorchOfTheImageAndLockedByItsHash) {
  const auto first = envforge({"build", "env.yaml", "--no-torch-group"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const auto platform = locked();
  ASSERT_EQ(platform.builds.size(), 1U);
  const auto* wheel = documents::built_wheel(platform, platform.builds[0]);
  ASSERT_NE(wheel, nullptr);

  EXPECT_EQ(in_image("import envforge_example as e, torch; print(e.sum_of_squares(torch.tensor([1., 2., 3.])))"),
            "14.0\n");
  const std::string seen =
      in_image("import envforge_example.seen as s; print(s.uid, s.network, s.writes_venv, s.secrets)");
  EXPECT_EQ(seen, "65534 False False []\n") << "the package's own code has no root, no network, no secret";
  EXPECT_EQ(in_image("import os, envforge_example.seen as s; print(s.wish, 'EXAMPLE_WISH' in os.environ)"),
            "two $words 'x' False\n")
      << "the recipe's variable reaches the build and nothing else";
  EXPECT_THAT(in_image("import setuptools, ninja"), HasSubstr("No module")) << "build tools stay out of the image";

  // Another machine, and a lock that may not change: built again, to the same bytes.
  fs::remove_all(fs::path(cache()) / "built-wheels");
  const auto second = envforge({"build", "env.yaml", "--no-torch-group", "--frozen"});
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(second.err, HasSubstr("building envforge-example"));

  // The files beside the recipe are part of the lock.
  support::write_file_atomically(folder_.path() / "extension/envforge_example/more.py", "more = 1\n");
  const auto stale = envforge({"build", "env.yaml", "--no-torch-group", "--locked"});
  EXPECT_EQ(stale.exit_code, 3);
  EXPECT_THAT(stale.err, HasSubstr("envforge-example @ ./extension"));
}

}  // namespace
}  // namespace envforge::testing
