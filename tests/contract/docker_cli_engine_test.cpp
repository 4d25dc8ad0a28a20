// What only a real engine can show: that nothing goes on or stays behind when a build or a container is cut off, that a
// secret leaves no trace, and how a container dies.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "contract/docker_setup.hpp"
#include "support/require.hpp"

namespace envforge::contract {
namespace {

using process::Outcome;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Event = engine::BuildEvent::Kind;

/// Whether any process of this machine has `word` in its command line: a build step's, a container's.
bool runs_anywhere(const std::string& word) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::ostringstream text;  // an inserter minds no process that ends meanwhile
    text << file.rdbuf();
    if (text.str().find(word) != std::string::npos) return true;
  }
  return false;
}

bool within(milliseconds time, const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    if (holds()) return true;
    std::this_thread::sleep_for(milliseconds(50));
  }
  return holds();
}

class DockerCliOnly : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = setup_.unavailable(); !reason.empty()) return testing::cannot_run("engine", reason);
    std::filesystem::copy_file(ENVFORGE_ENGINE_PROGRAM, context_.path() / "program");
  }
  void TearDown() override {
    if (setup_.unavailable().empty()) setup_.engine().remove_image(own_name("a"));
  }

  engine::BuildRequest request(const std::string& dockerfile) {
    support::write_file_atomically(context_.path() / "Dockerfile", dockerfile);
    engine::BuildRequest request;
    request.context_dir = context_.path();
    request.tags = {own_name("a")};
    request.network = "none";
    return request;
  }
  std::string image() {
    const auto wanted = request("FROM scratch\nCOPY program /bin/program\nENTRYPOINT [\"/bin/program\"]\n");
    EXPECT_TRUE(setup_.engine().build(wanted, {}).ok);
    return wanted.tags[0];
  }
  /// Found in the command line of what this test runs, and in no other: a step with the words of one that was just
  /// interrupted may be taken for it by the engine.
  std::string marker() const {
    return "marker-" + std::to_string(::getpid()) + "-" +
           ::testing::UnitTest::GetInstance()->current_test_info()->name();
  }

  engine::ContainerRequest sleeper() {
    engine::ContainerRequest request;
    request.image = image();
    request.command = {"sleep", "600", marker()};
    return request;
  }

  DockerSetup setup_;
  support::TempDir context_;
  volatile std::sig_atomic_t interrupted_ = 0;
  process::PosixProcessRunner runner_{&interrupted_};
  engine::DockerCli interruptible_{runner_, docker_options()};
};

TEST_F(DockerCliOnly, AnInterruptedBuildLeavesNoStepRunning) {
  const auto wanted = request("FROM scratch\nCOPY program /bin/program\nRUN [\"/bin/program\", \"sleep\", \"600\", \"" +
                              marker() + "\"]\n");
  bool ran = false;
  const auto result = interruptible_.build(wanted, [&](const engine::BuildEvent& event) {
    if (event.kind != Event::kOutput || event.text != "sleeping") return;
    ran = runs_anywhere(marker());
    interrupted_ = 1;
  });
  EXPECT_TRUE(ran) << "the step was never seen";
  EXPECT_TRUE(result.interrupted);
  EXPECT_FALSE(result.ok);
  EXPECT_TRUE(within(milliseconds(10000), [&] { return !runs_anywhere(marker()); })) << "the step still runs";
}

TEST_F(DockerCliOnly, ABuildOfAKilledEnvforgeLeavesNoStepRunning) {
  const std::string words = "\"/bin/program\", \"sleep\", \"600\", \"" + marker() + "\"";
  const auto wanted = request("FROM scratch\nCOPY program /bin/program\nRUN [" + words + "]\n");
  const pid_t owner = ::fork();
  if (owner == 0) {
    ::setenv("TMPDIR", context_.path().c_str(), 1);  // it dies without removing its own folders
    DockerSetup().engine().build(wanted, {});
    ::_exit(0);
  }
  EXPECT_TRUE(within(milliseconds(20000), [&] { return runs_anywhere(marker()); })) << "the step was never seen";
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(within(milliseconds(10000), [&] { return !runs_anywhere(marker()); })) << "the step still runs";
}

TEST_F(DockerCliOnly, AnInterruptedContainerIsGoneOnReturn) {
  const auto outcome = interruptible_.run(sleeper(), [&](process::Stream, std::string_view) { interrupted_ = 1; });
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kInterrupted);
  EXPECT_FALSE(runs_anywhere(marker()));
  EXPECT_THAT(setup_.owned(), IsEmpty());
}

TEST_F(DockerCliOnly, WhatAKilledEnvforgeLeftRunningIsFoundAndRemoved) {
  const auto wanted = sleeper();
  const pid_t owner = ::fork();
  if (owner == 0) {
    ::setenv("TMPDIR", context_.path().c_str(), 1);  // it dies without removing its own folders
    DockerSetup own;
    own.engine().create_volume({});
    own.engine().run(wanted, {});
    ::_exit(0);
  }
  // Seen as the container's own process, not yet as a word of the client's `docker create`.
  const std::string inside =
      "/bin/program" + std::string(1, '\0') + "sleep" + std::string(1, '\0') + "600" + std::string(1, '\0') + marker();
  EXPECT_TRUE(within(milliseconds(20000), [&] { return runs_anywhere(inside); }));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(runs_anywhere(inside)) << "nothing was left, so nothing is shown";
  const auto removed = setup_.engine().remove_leftovers();
  EXPECT_THAT(removed, Contains(::testing::StartsWith("container envforge-")));
  EXPECT_THAT(removed, Contains(::testing::StartsWith("volume envforge-")));
  EXPECT_TRUE(within(milliseconds(5000), [&] { return !runs_anywhere(marker()); }));
}

TEST_F(DockerCliOnly, ASecretIsReadByItsStepAndStaysNowhere) {
  const support::TempDir outside;
  const std::string secret = "the secret of " + marker();
  support::write_file_atomically(outside.path() / "ca, bundle.pem", secret);
  auto wanted = request(
      "FROM scratch\nCOPY program /bin/program\n"
      "RUN --mount=type=secret,id=ca,target=/secret [\"/bin/program\", \"read\", \"/secret\"]\n");
  wanted.no_cache = true;  // a secret is no part of what the cache goes by
  wanted.secrets = {{"ca", (outside.path() / "ca, bundle.pem").string()}};
  std::vector<std::string> lines;
  const auto result = setup_.engine().build(wanted, [&](const engine::BuildEvent& event) {
    if (event.kind == Event::kOutput) lines.push_back(event.text);
  });
  ASSERT_TRUE(result.ok) << result.message;
  EXPECT_THAT(lines, Contains(secret));
  const std::string tar = context_.path() / "saved.tar";
  ASSERT_TRUE(setup_.engine().save(wanted.tags[0], tar));
  EXPECT_EQ(support::read_file(tar).find(secret), std::string::npos);
}

TEST_F(DockerCliOnly, TellsAContainerThatRanOutOfMemory) {
  engine::ContainerRequest wanted;
  wanted.image = image();
  wanted.command = {"eat"};
  wanted.extra_args = {"--memory", "24m", "--memory-swap", "24m"};
  wanted.deadline = milliseconds(60000);
  const auto outcome = setup_.engine().run(wanted, {});
  EXPECT_EQ(outcome.engine_error, "");
  EXPECT_EQ(outcome.outcome.exit_code, 137);
  EXPECT_TRUE(outcome.out_of_memory);
}

TEST_F(DockerCliOnly, SaysThatItHasNoWayToAGpu) {
  if (setup_.engine().info().nvidia_runtime) GTEST_SKIP() << "this engine has the NVIDIA runtime";
  engine::ContainerRequest wanted;
  wanted.image = image();
  wanted.command = {"exit", "0"};
  wanted.extra_args = {"--gpus", "all"};
  const auto outcome = setup_.engine().run(wanted, {});
  EXPECT_EQ(outcome.outcome.kind, Outcome::Kind::kNotStarted);
  EXPECT_THAT(outcome.engine_error, HasSubstr("could not select device driver"));
}

TEST_F(DockerCliOnly, AnUnreachableHostIsNoEngine) {
  process::PosixProcessRunner runner;
  engine::DockerCli nowhere(runner, {docker_options().program, "tcp://127.0.0.1:1"});
  try {
    nowhere.info();
    FAIL();
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kNoEngine);
    EXPECT_THAT(error.notes(), ::testing::Each(HasSubstr("127.0.0.1:1")));
  }
}

}  // namespace
}  // namespace envforge::contract
