#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/engine/docker_cli.hpp>
#include <envforge/support/error.hpp>

#include "recorded.hpp"
#include "support/fake_process.hpp"

namespace envforge::engine {
namespace {

using support::Error;
using support::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScriptedProcessRunner;

constexpr const char* kOld = "/usr/bin/docker";
constexpr const char* kNew = "/usr/local/bin/docker";
constexpr const char* kDown =
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n";

class DockerProbe : public ::testing::Test {
 protected:
  void answers(const std::string& client, const std::string& version, const std::string& info,
               const std::string& host = "unix:///var/run/docker.sock") {
    runner_.programs["docker"].push_back(client);
    runner_.on({client, "version"}, ScriptedProcessRunner::exited(0, version));
    runner_.on({client, "info"}, ScriptedProcessRunner::exited(0, info));
    runner_.on({client, "context"},
               ScriptedProcessRunner::exited(0, R"({"Endpoints":{"docker":{"Host":")" + host + R"("}}})"));
  }
  void refuses(const std::string& client, const std::string& error) {
    runner_.programs["docker"].push_back(client);
    runner_.on({client, "version"}, ScriptedProcessRunner::exited(1, R"({"Client":{},"Server":null})", error));
  }
  void old_engine(const std::string& client = kOld) {
    answers(client, recorded("20.10", "version.json"), recorded("20.10", "info.json"));
  }
  /// A client that needs buildx and has none, as can stand before Debian 12's own on PATH.
  void new_client_without_buildx(const std::string& client = kNew) {
    answers(client, R"({"Client":{"Version":"28.2.2"},"Server":{"Version":"20.10.24","Arch":"amd64"}})",
            R"({"DockerRootDir":"/var/lib/docker","ClientInfo":{"Plugins":[]}})");
  }
  EngineInfo info() { return DockerCli(runner_).info(); }
  Error refusal() {
    try {
      info();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "an engine was found";
    return Error(ErrorCode::kInternal, "none");
  }

  ScriptedProcessRunner runner_;
};

TEST_F(DockerProbe, PrefersTheClientThatCanBuildAndSaysWhyNotTheOther) {
  new_client_without_buildx();
  old_engine();
  const EngineInfo found = info();
  EXPECT_EQ(found.client, kOld);
  EXPECT_TRUE(found.buildkit);
  EXPECT_FALSE(found.buildx);
  EXPECT_THAT(found.rejected,
              ElementsAre("/usr/local/bin/docker: version 28.2.2 cannot build with BuildKit: it has no plugin buildx"));
}

TEST_F(DockerProbe, TakesTheFirstOnPathWhenItIsGoodEnough) {
  answers(kNew, recorded("26.1", "version.json"), recorded("26.1", "info.json"));
  old_engine();
  const EngineInfo found = info();
  EXPECT_EQ(found.client, kNew);
  EXPECT_TRUE(found.buildx);
  EXPECT_THAT(found.rejected, IsEmpty());
}

TEST_F(DockerProbe, SkipsAClientWhoseEngineIsDown) {
  refuses(kNew, kDown);
  old_engine();
  const EngineInfo found = info();
  EXPECT_EQ(found.client, kOld);
  EXPECT_THAT(found.rejected, ElementsAre(HasSubstr("Cannot connect to the Docker daemon")));
}

TEST_F(DockerProbe, WithoutBuildKitTheEngineStillRunsButDoesNotBuild) {
  new_client_without_buildx();
  DockerCli docker(runner_);
  EXPECT_FALSE(docker.info().buildkit);
  try {
    docker.build({}, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kNoBuildKit);
    EXPECT_THAT(error.notes(), ElementsAre("/usr/local/bin/docker: version 28.2.2 has no plugin buildx"));
  }
}

TEST_F(DockerProbe, SaysThatThereIsNoDockerProgram) {
  const Error error = refusal();
  EXPECT_EQ(error.code(), ErrorCode::kNoEngine);
  EXPECT_EQ(error.message(), "there is no docker program on PATH");
  EXPECT_THAT(error.hint(), HasSubstr("envforge render"));
}

TEST_F(DockerProbe, SaysOfEachClientWhyItReachesNoEngine) {
  refuses(kNew, kDown);
  refuses(kOld, "Error response from daemon: client version 1.24 is too old\n");
  const Error error = refusal();
  EXPECT_EQ(error.code(), ErrorCode::kNoEngine);
  EXPECT_THAT(error.notes(), ElementsAre(HasSubstr("/usr/local/bin/docker: Cannot connect"),
                                         "/usr/bin/docker: client version 1.24 is too old"));
}

TEST_F(DockerProbe, PermissionDeniedHasItsOwnCode) {
  refuses(kOld,
          "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: "
          "dial unix /var/run/docker.sock: connect: permission denied\n");
  const Error error = refusal();
  EXPECT_EQ(error.code(), ErrorCode::kEnginePermission);
  EXPECT_THAT(error.hint(), HasSubstr("usermod -aG docker"));
}

TEST_F(DockerProbe, AProbeThatHangsIsAReason) {
  runner_.programs["docker"] = {kOld};
  runner_.on({kOld, "version"}, ScriptedProcessRunner::ended(process::Outcome::Kind::kDeadline));
  EXPECT_THAT(refusal().notes(), ElementsAre("/usr/bin/docker: passed its deadline"));
  EXPECT_GT(runner_.calls.at(0).deadline.count(), 0);
}

TEST_F(DockerProbe, KnowsARemoteEngineByItsEndpoint) {
  for (const auto& [host, remote] : {std::pair{"unix:///run/user/1000/docker.sock", false},
                                     std::pair{"tcp://127.0.0.1:2375", true}, std::pair{"ssh://root@gpu1", true}}) {
    runner_ = {};
    answers(kOld, recorded("20.10", "version.json"), recorded("20.10", "info.json"), host);
    const EngineInfo found = info();
    EXPECT_EQ(found.remote, remote) << host;
    EXPECT_EQ(found.host, host);
    EXPECT_FALSE(remote && found.free_bytes.has_value()) << host;
  }
}

TEST_F(DockerProbe, TakesTheProgramAndTheHostThatAreNamed) {
  old_engine("/opt/docker");
  runner_.programs["docker"] = {kNew};
  DockerCli docker(runner_, {"/opt/docker", "ssh://gpu1"});
  const EngineInfo found = docker.info();
  EXPECT_EQ(found.client, "/opt/docker");
  EXPECT_TRUE(found.remote);
  for (const process::Command& call : runner_.calls) {
    EXPECT_THAT((std::vector<std::string>(call.argv.begin(), call.argv.begin() + 3)),
                ElementsAre("/opt/docker", "--host", "ssh://gpu1"));
  }
}

TEST_F(DockerProbe, ForTheNamesOfImagesTheFirstClientThatAnswersIsAskedAndNoMore) {
  runner_.programs["docker"] = {kNew, kOld};
  runner_.on({kNew, "image", "ls"}, ScriptedProcessRunner::exited(1, "", kDown));
  runner_.on({kOld, "image", "ls"},
             ScriptedProcessRunner::exited(0, "a:1\n<none>:<none>\nteam/b:2\nenvforge-subject:0a.1.2.3\n"));
  EXPECT_THAT(DockerCli(runner_).image_names(std::chrono::seconds(1)), ElementsAre("a:1", "team/b:2"));
  EXPECT_EQ(runner_.calls.size(), 2U) << "no probing";
  for (const auto& call : runner_.calls) EXPECT_GT(call.deadline.count(), 0);
}

TEST_F(DockerProbe, WithoutAnEngineThereAreNoNamesOfImagesAndNoTrouble) {
  EXPECT_THAT(DockerCli(runner_).image_names(std::chrono::seconds(1)), IsEmpty());
  runner_.programs["docker"] = {kOld};
  runner_.on({"image", "ls"}, ScriptedProcessRunner::ended(process::Outcome::Kind::kDeadline));
  EXPECT_THAT(DockerCli(runner_).image_names(std::chrono::seconds(1)), IsEmpty());
}

TEST_F(DockerProbe, IsMadeOnce) {
  old_engine();
  DockerCli docker(runner_);
  docker.info();
  const std::size_t calls = runner_.calls.size();
  docker.info();
  EXPECT_EQ(runner_.calls.size(), calls);
}

}  // namespace
}  // namespace envforge::engine
