// One recipe's whole road on the real engine, with wheels of our own in the places of torch's gigabytes: locked from a
// folder, built, pushed to Debian's docker-registry on the loopback address, written as an OCI layout, and run. What
// the record beside the lock says is held against what the registry answers and what lies on disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include <envforge/engine/docker_cli.hpp>
#include <envforge/support/error.hpp>
#include <envforge/support/sha256.hpp>
#include <envforge/support/text.hpp>

#include "e2e/cli.hpp"
#include "support/loopback_registry.hpp"
#include "support/python_index.hpp"
#include "support/require.hpp"

namespace envforge::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kTorch = R"(
__version__ = "2.6.0+cu124"
class version:
    cuda = "12.4"
)";

/// The program itself: a launcher script of a version manager is none that an image could run.
std::string uv_program(process::ProcessRunner& runner) {
  for (const auto& program : runner.find_programs("uv")) {
    if (support::read_file_prefix(program, 4) ==
        "\x7f"
        "ELF")
      return program;
  }
  return {};
}

/// Body and headers of a GET on the loopback address.
std::string http_get(const std::string& address, const std::string& path) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in at = loopback(std::stoi(address.substr(address.find(':') + 1)));
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) {
    const std::string request = "GET " + path + " HTTP/1.0\r\nHost: " + address +
                                "\r\nAccept: application/vnd.docker.distribution.manifest.v2+json, "
                                "application/vnd.oci.image.manifest.v1+json\r\n\r\n";
    char piece[4096];
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
      for (ssize_t n = 0; (n = ::recv(fd, piece, sizeof piece, 0)) > 0;)
        answer.append(piece, static_cast<std::size_t>(n));
    }
  }
  ::close(fd);
  return answer;
}

std::string body_of(const std::string& answer) {
  return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
}

std::string recipe(const std::string& registry) {
  return "schema: envforge/recipe/v1\nimage: " + registry +
         "/envforge-e2e\ntarget:\n  - {name: hopper, gpus: H100, driver: \"580.65.06\"}\nbase: debian:12\n"
         "python: \"3.11\"\ntorch: \"2.6\"\nrun: {shm: 64m, volumes: [\"./data:/data:ro\"]}\ntags: [\"{torch}\", v1]\n";
}

class Publish : public ::testing::Test {
 protected:
  void SetUp() override {
    try {
      engine::DockerCli(runner_).info();
    } catch (const support::Error& error) {
      return cannot_run("engine", error.message());
    }
    if (!registry_.available()) return cannot_run("engine", "docker-registry is not installed");
    const std::string uv = uv_program(runner_);
    if (uv.empty()) return cannot_run("uv", "there is no uv program on PATH");
    if (runner_.find_programs("mmdebstrap").empty()) return cannot_run("mmdebstrap", "it is not on PATH");
    write(make_wheel({"torch", "2.6.0", "py3-none-any", {}, {{"torch/__init__.py", kTorch}}}));
    write(make_wheel({"uv", "1.0", "py3-none-any", {}, {{"uv-1.0.data/scripts/uv", support::read_file(uv)}}}));
    support::write_file_atomically(cli_.path("env.yaml"), recipe(registry_.address()));
    support::write_file_atomically(cli_.path("data/greeting"), "hello");
    cli_.add_globals({"--wheels", cli_.path("wheels")});
  }
  void TearDown() override {
    engine::DockerCli docker(runner_);
    for (const char* tag : {":2.6.0", ":v1"}) {
      try {
        docker.remove_image(image() + tag);
      } catch (const support::Error&) {  // no engine: nothing was built either
      }
    }
  }
  void write(const PackageFile& wheel) const {
    support::write_file_atomically(cli_.path("wheels/" + wheel.filename), wheel.bytes);
  }
  std::string image() const { return registry_.address() + "/envforge-e2e"; }

  process::PosixProcessRunner runner_;
  LoopbackRegistry registry_;
  Cli cli_;
};

TEST_F(Publish, TheRecordSaysWhatTheRegistryAndTheLayoutHave) {
  const auto locked = cli_.run({"--json", "lock", "env.yaml"});
  if (Cli::error_code(locked) == "EF5203") return cannot_run("network", locked.out);
  ASSERT_TRUE(locked.ok()) << locked.out << locked.err;
  const auto built =
      cli_.run({"--json", "build", "--locked", "--no-torch-group", "--push", "--output", "oci-dir:layout", "env.yaml"});
  ASSERT_TRUE(built.ok()) << built.out << built.err;
  const auto record = cli_.json("env.build.json");
  EXPECT_EQ(nlohmann::json::parse(built.out), record);
  EXPECT_EQ(record["wheels_checked"], 1);
  EXPECT_EQ(record["inside"]["cuda"], "12.4") << "read from inside the image";
  const auto& published = record["published"];
  ASSERT_EQ(published.size(), 3U) << published;

  const auto& layout = published[0];
  EXPECT_EQ(layout["where"], "oci-dir:layout");
  EXPECT_EQ(layout["index_digest"], "sha256:" + support::sha256_file_hex(cli_.path("layout/index.json")));
  const auto blob = [&](const std::string& digest) { return cli_.path("layout/blobs/sha256/" + digest.substr(7)); };
  const auto manifest = nlohmann::json::parse(support::read_file(blob(layout["manifest_digest"])));
  EXPECT_EQ(manifest["config"]["digest"], record["config_digest"]);
  EXPECT_TRUE(fs::exists(blob(record["config_digest"])));
  EXPECT_EQ(cli_.json("layout/index.json")["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"],
            "2.6.0");

  for (const std::size_t i : {1U, 2U}) {
    const std::string where = published[i]["where"];
    const std::string tag = where.substr(where.rfind(':') + 1);
    EXPECT_EQ(where, image() + ":" + tag);
    const auto answer = http_get(registry_.address(), "/v2/envforge-e2e/manifests/" + tag);
    EXPECT_THAT(answer, HasSubstr("Docker-Content-Digest: " + published[i]["manifest_digest"].get<std::string>()));
    EXPECT_EQ(published[i]["manifest_digest"], "sha256:" + support::sha256_hex(body_of(answer)));
    EXPECT_EQ(nlohmann::json::parse(body_of(answer))["config"]["digest"], record["config_digest"]);
    EXPECT_EQ(published[i]["index_digest"], "") << "one platform, no index";
  }

  const auto ran = cli_.run({"run", "--gpus", "none", "--env", "WHO=world", "env.yaml", "--", "python", "-c",
                             "import os, torch; print(open('/data/greeting').read(), os.environ['WHO'], "
                             "torch.__version__, os.statvfs('/dev/shm').f_blocks * os.statvfs('/dev/shm').f_frsize)"});
  ASSERT_TRUE(ran.ok()) << ran.out << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("hello world 2.6.0+cu124 67108864"));
}

TEST_F(Publish, WhatIsInstalledAndNotLockedIsFoundInTheRealImage) {
  // A torch that calls itself something else than its wheel's name says.
  write(make_wheel({"torch", "2.6.0", "py3-none-any", {}, {{"torch/__init__.py", "__version__ = '2.5.1'"}}}));
  const auto built = cli_.run({"--json", "build", "--no-torch-group", "env.yaml"});
  if (Cli::error_code(built) == "EF5203") return cannot_run("network", built.out);
  EXPECT_EQ(built.exit_code, 5) << built.err;
  EXPECT_EQ(Cli::error_code(built), "EF5103") << built.out;
  EXPECT_FALSE(engine::DockerCli(runner_).inspect_image(image() + ":v1")) << "it got no tag";
  EXPECT_FALSE(fs::exists(cli_.path("env.build.json")));
}

}  // namespace
}  // namespace envforge::testing
