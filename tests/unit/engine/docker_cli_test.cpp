#include <envforge/engine/docker_cli.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <envforge/engine/owner.hpp>
#include <envforge/support/error.hpp>

#include "recorded.hpp"
#include "support/fake_process.hpp"

namespace envforge::engine {
namespace {

using process::Outcome;
using support::Error;
using support::ErrorCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using testing::ScriptedProcessRunner;
using Words = std::vector<std::string>;

constexpr const char* kDown =
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n";
constexpr const char* kRan = R"({"ExitCode":3,"OOMKilled":false,"Error":"","StartedAt":"2026-11-21T10:45:53Z"})";

class DockerCommands : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    runner_.programs["docker"] = {"/usr/bin/docker"};
    answer({"version"}, recorded(GetParam(), "version.json"));
    answer({"info"}, recorded(GetParam(), "info.json"));
    answer({"context"}, R"({"Endpoints":{"docker":{"Host":"unix:///var/run/docker.sock"}}})");
    answer({"rm"}, "");
  }
  void answer(const Words& words, const std::string& out) { runner_.on(words, ScriptedProcessRunner::exited(0, out)); }
  void fail(const Words& words, const std::string& err, int code = 1) {
    runner_.on(words, ScriptedProcessRunner::exited(code, "", err));
  }
  /// The one command with this word.
  process::Command command(const std::string& word) const {
    for (const process::Command& call : runner_.calls) {
      if (std::find(call.argv.begin(), call.argv.end(), word) != call.argv.end()) return call;
    }
    throw std::runtime_error("no command with " + word);
  }
  Words argv(const std::string& word) const { return command(word).argv; }

  /// A builder that succeeds and writes the image's id where it was asked to.
  void builds() {
    runner_.on({"build"}, {ScriptedProcessRunner::exited(0), [](const process::Command& build) {
                             const auto flag = std::find(build.argv.begin(), build.argv.end(), "--iidfile");
                             if (flag != build.argv.end()) support::write_file_atomically(*(flag + 1), "sha256:1\n");
                           }});
  }
  ErrorCode code_of(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  }

  ScriptedProcessRunner runner_;
  DockerCli docker_{runner_};
};

INSTANTIATE_TEST_SUITE_P(Engines, DockerCommands, ::testing::Values("20.10", "26.1"),
                         [](const auto& version) { return "Engine" + version.param.substr(0, 2); });

TEST_P(DockerCommands, ABuildIsOneArgvWithBuildKitOn) {
  builds();
  BuildRequest request;
  request.context_dir = "/tmp/context";
  request.dockerfile = "/tmp/Dockerfile";
  request.target = "final";
  request.tags = {"a:1", "a:2"};
  request.labels = {{"k", "v w"}};
  request.build_args = {{"X", "$(rm -rf /)"}};
  request.secrets = {{"ca", "/etc/ca,1.pem"}};
  request.network = "host";
  request.no_cache = true;
  EXPECT_EQ(docker_.build(request, {}).image_id, "sha256:1");
  const process::Command build = command("build");
  EXPECT_EQ(build.extra_environment.at("DOCKER_BUILDKIT"), "1");
  const Words& words = build.argv;
  EXPECT_THAT((Words(words.begin(), words.begin() + 3)), ElementsAre("/usr/bin/docker", "build", "--progress=plain"));
  EXPECT_THAT(words, IsSupersetOf({"--file", "/tmp/Dockerfile", "--target", "final", "--network", "host", "--no-cache",
                                   "--tag", "a:1", "a:2", "--label", "k=v w", "--build-arg", "X=$(rm -rf /)",
                                   "--secret", "id=ca,\"src=/etc/ca,1.pem\"", "--iidfile"}));
  EXPECT_EQ(words.back(), "/tmp/context");
  EXPECT_EQ(std::count(words.begin(), words.end(), "--metadata-file"), GetParam() == "26.1" ? 1 : 0);
  EXPECT_THAT(words, Not(Contains(HasSubstr(std::string(kOwnerLabel))))) << "equal builds give equal images";
}

TEST_P(DockerCommands, AStageThatLeavesAsFilesIsNotTagged) {
  builds();
  BuildRequest request;
  request.context_dir = "/c";
  request.tags = {"a:1"};
  request.output = "local:/out, here";
  docker_.build(request, {});
  EXPECT_THAT(argv("build"), IsSupersetOf({"--output", "type=local,\"dest=/out, here\""}));
  EXPECT_THAT(argv("build"), Not(Contains("--tag")));
  EXPECT_THAT(argv("build"), Not(Contains("--iidfile")));
}

TEST_P(DockerCommands, AnInterruptedBuildSaysSo) {
  runner_.on({"build"}, ScriptedProcessRunner::ended(Outcome::Kind::kInterrupted));
  BuildRequest request;
  request.context_dir = "/c";
  const BuildResult result = docker_.build(request, {});
  EXPECT_FALSE(result.ok);
  EXPECT_TRUE(result.interrupted);
}

TEST_P(DockerCommands, AnEngineThatVanishesDuringABuildIsNotAFailedStep) {
  docker_.info();
  fail({"build"}, "ERROR: rpc error: code = Unavailable desc = error reading from server: EOF\n");
  fail({"version", "{{.Server.Version}}"}, kDown);
  BuildRequest request;
  request.context_dir = "/c";
  EXPECT_EQ(code_of([&] { docker_.build(request, {}); }), ErrorCode::kEngineGone);
}

TEST_P(DockerCommands, AStepThatTalksOfADeadEngineIsStillAFailedStep) {
  fail({"build"},
       std::string("#1 [1/1] RUN docker ps\n#1 0.1 ") + kDown + "#1 ERROR: exit code: 1\n------\nexit code: 1\n");
  BuildRequest request;
  request.context_dir = "/c";
  const BuildResult result = docker_.build(request, {});
  EXPECT_EQ(result.failed_step, "[1/1] RUN docker ps");
  EXPECT_THAT(result.last_lines, ElementsAre(HasSubstr("Cannot connect")));
}

TEST_P(DockerCommands, AContainerIsCreatedWithOurLabelAndWithoutAPull) {
  answer({"create"}, "id\n");
  answer({"start"}, "");
  answer({"inspect", "container"}, kRan);
  ContainerRequest request;
  request.image = "img";
  request.entrypoint = {"/driver", "--stdin"};
  request.command = {"run"};
  request.environment = {{"A", "b c"}};
  request.labels = {{"k", "v"}};
  request.mounts = {{"vol", "/data", true}, {"out", "/out", false}};
  request.extra_args = {"--gpus", "all"};
  request.standard_input = "key";
  request.deadline = std::chrono::seconds(30);
  const ContainerOutcome outcome = docker_.run(request, {});
  EXPECT_EQ(outcome.outcome.exit_code, 3);
  const Words create = argv("create");
  const std::string name = *(std::find(create.begin(), create.end(), "--name") + 1);
  const Words expected = {"/usr/bin/docker",
                          "create",
                          "--name",
                          name,
                          "--pull",
                          "never",
                          "--label",
                          std::string(kOwnerLabel) + "=" + this_process_as_owner(),
                          "--label",
                          "k=v",
                          "--no-healthcheck",
                          "--interactive",
                          "--env",
                          "A=b c",
                          "--mount",
                          "type=volume,src=vol,dst=/data,readonly",
                          "--mount",
                          "type=volume,src=out,dst=/out",
                          "--gpus",
                          "all",
                          "--entrypoint",
                          "/driver",
                          "--",
                          "img",
                          "--stdin",
                          "run"};
  EXPECT_EQ(create, expected);
  const process::Command start = command("start");
  EXPECT_EQ(start.argv, (Words{"/usr/bin/docker", "start", "--attach", "--interactive", name}));
  EXPECT_EQ(start.standard_input, "key");
  EXPECT_GT(start.deadline.count(), 0);
  EXPECT_THAT(argv("rm"), IsSupersetOf(Words{"--force", "--volumes", name}));
}

TEST_P(DockerCommands, AnInterruptedContainerIsRemovedAllTheSame) {
  answer({"create"}, "id\n");
  runner_.on({"start"}, ScriptedProcessRunner::ended(Outcome::Kind::kInterrupted));
  ContainerRequest request;
  request.image = "img";
  EXPECT_EQ(docker_.run(request, {}).outcome.kind, Outcome::Kind::kInterrupted);
  EXPECT_TRUE(command("rm").uninterruptible);
}

TEST_P(DockerCommands, AnInterruptedCommandIsAnInterruptionAndNoFault) {
  docker_.info();
  for (const char* word : {"inspect", "history", "tag", "push", "save", "rmi", "manifest", "volume", "ps"})
    runner_.on({word}, ScriptedProcessRunner::ended(Outcome::Kind::kInterrupted));
  const std::vector<std::function<void()>> calls = {[&] { docker_.inspect_image("x"); },
                                                    [&] { docker_.layers("x"); },
                                                    [&] { docker_.tag("x", "y"); },
                                                    [&] { docker_.push("x", {}); },
                                                    [&] { docker_.save("x", "/f"); },
                                                    [&] { docker_.remove_image("x"); },
                                                    [&] { docker_.registry_digest("x", ""); },
                                                    [&] { docker_.create_volume({}); },
                                                    [&] { docker_.remove_leftovers(); }};
  for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(code_of(calls[i]), ErrorCode::kInterrupted) << i;
}

TEST_P(DockerCommands, WhatAUserRunsIsNoLeftoverAndGoesAtItsEnd) {
  ContainerRequest request;
  request.image = "img";
  request.no_healthcheck = false;
  request.extra_args = {"--shm-size=1"};
  request.command = {"python", "-V"};
  EXPECT_EQ(docker_.foreground_command(request, true),
            (Words{"/usr/bin/docker", "run", "--rm", "--pull", "never", "--tty", "--interactive", "--shm-size=1", "--",
                   "img", "python", "-V"}));
  EXPECT_THAT(docker_.foreground_command(request, false), Not(Contains("--tty")));
}

TEST_P(DockerCommands, AMissingGpuDriverIsTheEnginesError) {
  answer({"create"}, "id\n");
  const std::string error = "could not select device driver \"\" with capabilities: [[gpu]]";
  fail({"start"}, "Error response from daemon: " + error + "\n");
  answer({"inspect", "container"},
         R"({"ExitCode":128,"Error":"could not select device driver \"\" with capabilities: [[gpu]]",)"
         R"("StartedAt":"0001-01-01T00:00:00Z"})");
  ContainerRequest request;
  request.image = "img";
  const ContainerOutcome outcome = docker_.run(request, {});
  EXPECT_EQ(outcome.engine_error, error);
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kNotStarted);
}

TEST_P(DockerCommands, AFlagThatTheClientDoesNotKnowIsTheEnginesError) {
  fail({"create"}, "unknown flag: --bogus\nSee 'docker create --help'.\n", 125);
  ContainerRequest request;
  request.image = "img";
  EXPECT_EQ(docker_.run(request, {}).engine_error, "unknown flag: --bogus");
}

TEST_P(DockerCommands, AnEngineThatVanishesDuringARunIsAnErrorOfItsOwn) {
  answer({"create"}, "id\n");
  fail({"start"}, "error during connect: EOF\n");
  fail({"inspect", "container"}, kDown);
  ContainerRequest request;
  request.image = "img";
  EXPECT_EQ(code_of([&] { docker_.run(request, {}); }), ErrorCode::kEngineGone);
}

TEST_P(DockerCommands, AnImageThatIsAbsentIsNoError) {
  fail({"image", "inspect"}, "Error: No such image: x\n");
  EXPECT_EQ(docker_.inspect_image("x"), std::nullopt);
}

TEST_P(DockerCommands, AnotherFailureOfInspectIs) {
  fail({"image", "inspect"}, "Error response from daemon: database is locked\n");
  EXPECT_EQ(code_of([&] { docker_.inspect_image("x"); }), ErrorCode::kEngineFailed);
}

TEST_P(DockerCommands, AReferenceIsNeverReadAsAFlag) {
  fail({"rmi"}, "");
  EXPECT_FALSE(docker_.remove_image("--force"));
  EXPECT_EQ(argv("rmi"), (Words{"/usr/bin/docker", "rmi", "--", "--force"}));
}

TEST_P(DockerCommands, ARegistryIsAskedWithADeadlineAndPlainlyOnlyOnLoopback) {
  fail({"manifest"}, "no such host\n");
  EXPECT_EQ(docker_.registry_digest("debian:12", "linux/amd64"), std::nullopt);
  EXPECT_EQ(command("debian:12").deadline, std::chrono::seconds(10));
  EXPECT_THAT(argv("debian:12"), Not(Contains("--insecure")));
  docker_.registry_digest("127.0.0.1:5000/x:1", "");
  EXPECT_THAT(argv("127.0.0.1:5000/x:1"), Contains("--insecure"));
  docker_.registry_digest("127.example.org.evil/x:1", "");
  EXPECT_THAT(argv("127.example.org.evil/x:1"), Not(Contains("--insecure")));
}

TEST_P(DockerCommands, LeftoversOfRunningAndForeignOwnersStay) {
  const std::string own = this_process_as_owner();
  const std::string gone = own.substr(0, own.rfind('/')) + "/1";
  answer({"ps"}, "mine " + own + "\ndead " + gone + "\nforeign elsewhere.1/2/3\n");
  answer({"volume", "ls"}, "dead-volume " + gone + "\n");
  answer({"volume", "rm"}, "");
  const std::string dead = borrowed_name(gone, "aa");
  answer({"images"}, borrowed_name(own, "aa") + "\n" + dead + "\nenvforge-subject:of-old\n");
  answer({"rmi"}, "");
  EXPECT_THAT(docker_.remove_leftovers(), ElementsAre("container dead", "volume dead-volume", "name " + dead));
}

}  // namespace
}  // namespace envforge::engine
