// What a real builder reads in a printed Dockerfile is what the tree says, also for values that try to be something
// else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/engine/docker_cli.hpp>
#include <envforge/process/process.hpp>
#include <envforge/render/dockerfile.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/files.hpp>

#include "support/require.hpp"

namespace envforge::render {
namespace {

const std::vector<std::string> kHostile = {
    "$(touch /tmp/x)",
    "`id`",
    "$HOME ${PATH} $$",
    "it's",
    "say \"hi\"",
    "back\\slash\\",
    "a\\",
    "# not a comment",
    "<<EOF",
    "a=b c=d",
    "\\\"",
    "größer ✓",
    " leading",
    "--flag",
    "",
    "\\$X",
};

Dockerfile hostile_image() {
  Stage stage;
  stage.comment = "Nothing but values.";
  stage.from = "scratch";
  stage.name = "image";
  stage.instructions.push_back({"", Copy{"", "", "file", "/file"}, {}});
  Env env;
  Label label;
  for (std::size_t i = 0; i < kHostile.size(); ++i) {
    env.values.emplace_back("VALUE_" + std::to_string(i), kHostile[i]);
    label.values.emplace_back("test.value-" + std::to_string(i), kHostile[i]);
  }
  std::vector<std::string> argv = {"/program"};
  argv.insert(argv.end(), kHostile.begin(), kHostile.end());
  argv.emplace_back("two\nlines\tand\x01");
  stage.instructions.push_back({"", env, {}});
  stage.instructions.push_back({"", Workdir{"/workspace/a-b_c.d"}, {}});
  stage.instructions.push_back({"", User{54321, 54321}, {}});
  stage.instructions.push_back({"", Entrypoint{argv}, {}});
  stage.instructions.push_back({"", Cmd{argv}, {}});
  stage.instructions.push_back({"", label, {}});
  return {"A test.", {std::move(stage)}};
}

TEST(PrintedValues, ReachTheImageUnchanged) {
  process::PosixProcessRunner runner;
  engine::DockerCli docker(runner);
  try {
    docker.info();
  } catch (const support::Error& error) {
    envforge::testing::cannot_run("engine", error.message());
    return;
  }
  const support::TempDir context("envforge-render-");
  const std::string tag = "envforge-test-render-values:a";
  support::write_file_atomically(context.path() / "file", "");
  support::write_file_atomically(context.path() / "Dockerfile", print(hostile_image()));
  engine::BuildRequest request;
  request.context_dir = context.path().string();
  request.tags = {tag};
  const auto built = docker.build(request, {});
  ASSERT_TRUE(built.ok) << built.message;
  const auto image = docker.inspect_image(request.tags[0]);
  docker.remove_image(request.tags[0]);
  ASSERT_TRUE(image.has_value());

  for (std::size_t i = 0; i < kHostile.size(); ++i) {
    EXPECT_THAT(image->environment, ::testing::Contains("VALUE_" + std::to_string(i) + "=" + kHostile[i]));
    EXPECT_EQ(image->labels.at("test.value-" + std::to_string(i)), kHostile[i]);
  }
  std::vector<std::string> argv = {"/program"};
  argv.insert(argv.end(), kHostile.begin(), kHostile.end());
  argv.emplace_back("two\nlines\tand\x01");
  EXPECT_EQ(image->entrypoint, argv);
  EXPECT_EQ(image->command, argv);
  EXPECT_EQ(image->user, "54321:54321");
  EXPECT_EQ(image->workdir, "/workspace/a-b_c.d");
}

}  // namespace
}  // namespace envforge::render
