#include <envforge/app/run_image.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <envforge/support/error.hpp>

#include "support/app_world.hpp"

namespace envforge::app {
namespace {

using support::Error;
using support::ErrorCode;
using testing::AppWorld;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::recipe_text;

TEST(RunArguments, AreWhatTheRecipesRunBlockSays) {
  const AppWorld at;
  const auto recipe = at.recipe(
      recipe_text("2.6",
                  "run:\n  shm: 16g\n  memory: 64g\n  cpus: 8.5\n  volumes: [\"./data:/data\", \"cache:/cache:ro\", "
                  "\"/srv/models:/models:rw\"]\n  ports: [\"127.0.0.1:8888:8888\", \"2222:2222\"]\n"));
  const auto folder = std::filesystem::canonical(std::filesystem::path(at.path(".")));
  EXPECT_THAT(run_arguments(recipe),
              ElementsAre("--shm-size=17179869184", "--memory=68719476736", "--cpus=8.5",
                          "--mount=type=bind,source=" + (folder / "data").string() + ",target=/data",
                          "--mount=type=volume,source=cache,target=/cache,readonly",
                          "--mount=type=bind,source=/srv/models,target=/models", "--publish=127.0.0.1:8888:8888",
                          "--publish=2222:2222"));
  EXPECT_THAT(run_arguments(at.recipe(recipe_text("2.6"))), IsEmpty());
}

TEST(RunArguments, AFolderWithACommaStaysOneField) {
  documents::Recipe recipe;
  recipe.file = "/srv/a,b/env.yaml";
  recipe.run.volumes = {"./data:/data"};
  EXPECT_THAT(run_arguments(recipe), ElementsAre("--mount=type=bind,\"source=/srv/a,b/data\",target=/data"));
}

class RunImage : public ::testing::Test {
 protected:
  std::vector<std::string> command(const RunOptions& options) {
    return run_command(at_.world(), at_.recipe(recipe_text("2.6", "tags: [v1]\nrun: {shm: 1g}\n")), options);
  }
  ErrorCode refused(const RunOptions& options) {
    try {
      command(options);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  }
  static RunOptions without_gpu() {
    RunOptions options;
    options.gpus.kind = GpuSelection::Kind::kNone;
    return options;
  }
  void SetUp() override {
    engine::ImageInfo info;
    info.id = "sha256:1";
    at_.engine.add_image("team/env:v1", info);
  }

  AppWorld at_;
};

TEST_F(RunImage, RunsTheRecipesImageWithItsFlags) {
  EXPECT_THAT(command(without_gpu()),
              ElementsAre("/usr/bin/docker", "run", "--interactive", "--shm-size=1073741824", "team/env:v1"));
}

TEST_F(RunImage, TheCallersCommandVariablesAndTerminalComeOnTop) {
  auto options = without_gpu();
  options.environment = {"JUPYTER_TOKEN", "MODE=a b"};
  options.command = {"python", "-c", "print(1)"};
  options.terminal = true;
  EXPECT_THAT(command(options),
              ElementsAre("/usr/bin/docker", "run", "--tty", "--shm-size=1073741824", "--env=JUPYTER_TOKEN",
                          "--env=MODE=a b", "team/env:v1", "python", "-c", "print(1)"));
}

TEST_F(RunImage, AVariableIsNoFlag) {
  for (const char* bad : {"", "=x", "A-B=1", "1A=2", "A B=1", "--privileged"}) {
    auto options = without_gpu();
    options.environment = {bad};
    EXPECT_EQ(refused(options), ErrorCode::kUsage) << bad;
  }
}

TEST_F(RunImage, TheGpusOfTheHostReachIt) {
  at_.engine.engine_info.nvidia_runtime = true;
  at_.processes.programs["nvidia-smi"] = {"/usr/bin/nvidia-smi"};
  at_.processes.on({"nvidia-smi"},
                   testing::ScriptedProcessRunner::exited(0, "0, GPU-1, NVIDIA H200, 00000000:01:00.0, 580.159.04\n"));
  RunOptions options;
  options.gpus = parse_gpus("all");
  EXPECT_THAT(command(options), Contains("--gpus"));
}

TEST_F(RunImage, AnImageThatWasNotBuiltIsToldWithTheCommandThatBuildsIt) {
  at_.engine.remove_image("team/env:v1");
  EXPECT_EQ(refused(without_gpu()), ErrorCode::kImageAbsent);
}

}  // namespace
}  // namespace envforge::app
