#include "docker_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

#include "recorded.hpp"

namespace envforge::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kDigestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
constexpr const char* kDigestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

TEST(DockerJson, ReadsVersionsOfRealEngines) {
  EngineInfo info;
  ASSERT_TRUE(read_version(recorded("20.10", "version.json"), info));
  EXPECT_EQ(info.client_version, "20.10.24+dfsg1");
  EXPECT_EQ(info.server_version, "20.10.24+dfsg1");
  EXPECT_EQ(info.architecture, "amd64");
  ASSERT_TRUE(read_version(recorded("26.1", "version.json"), info));
  EXPECT_EQ(info.server_version, "26.1.5+dfsg1");
  EXPECT_FALSE(read_version(R"({"Client":{"Version":"28.2.2"},"Server":null})", info));
}

TEST(DockerJson, FindsBuildxAmongTheClientsPlugins) {
  EngineInfo info;
  read_info(recorded("26.1", "info.json"), info);
  EXPECT_TRUE(info.buildx);
  EXPECT_EQ(info.storage_driver, "overlay2");
  EXPECT_EQ(info.root_dir, "/var/lib/docker");
  read_info(recorded("20.10", "info.json"), info);
  EXPECT_FALSE(info.buildx);
  read_info(R"({"ClientInfo":{"Plugins":[{"Name":"buildx","Err":"failed to fetch metadata"}]}})", info);
  EXPECT_FALSE(info.buildx);
}

TEST(DockerJson, TellsTheWaysToAGpu) {
  EngineInfo info;
  info.server_version = "26.1.5";
  read_info(recorded("26.1", "info.json"), info);
  EXPECT_FALSE(info.nvidia_runtime);
  EXPECT_FALSE(info.cdi) << "engine 25 to 27 need features.cdi";
  read_info(R"({"Runtimes":{"runc":{},"nvidia":{"path":"nvidia-container-runtime"}},"CDISpecDirs":["/etc/cdi"]})",
            info);
  EXPECT_TRUE(info.nvidia_runtime);
  EXPECT_TRUE(info.cdi);
  info.server_version = "28.2.2";
  read_info("{}", info);
  EXPECT_TRUE(info.cdi) << "on by itself from 28, also when an old client does not show it";
}

TEST(DockerJson, ReadsAnImage) {
  for (const char* version : {"20.10", "26.1"}) {
    const ImageInfo image = read_image(recorded(version, "image.json"));
    EXPECT_THAT(image.tags, ElementsAre("envforge-golden/image:v1"));
    EXPECT_EQ(image.user, "1000");
    EXPECT_THAT(image.entrypoint, ElementsAre("/p"));
    EXPECT_THAT(image.command, ElementsAre("x", "y"));
    EXPECT_THAT(image.environment, Contains("C=d"));
    EXPECT_EQ(image.labels.at("a"), "b");
    EXPECT_EQ(image.bytes, 10U);
    ASSERT_EQ(image.diff_ids.size(), 2U);
    EXPECT_TRUE(is_digest(image.diff_ids[0]));
  }
}

TEST(DockerJson, TurnsTheHistoryRoundAndLeavesEmptyLayersOut) {
  const auto layers = read_history(recorded("26.1", "history.txt"));
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].bytes, 5U);
  EXPECT_THAT(layers[0].created_by, HasSubstr("COPY small /small"));
}

TEST(DockerJson, TellsAContainerThatNeverRanFromOneThatDid) {
  const ContainerState refused = read_state(recorded("26.1", "state-not-started.json"));
  EXPECT_FALSE(refused.ran);
  EXPECT_THAT(refused.error, HasSubstr("exec: \"/p\""));
  const ContainerState killed = read_state(
      R"({"Status":"exited","OOMKilled":true,"ExitCode":137,"Error":"","StartedAt":"2026-11-21T10:45:53.9Z"})");
  EXPECT_TRUE(killed.ran);
  EXPECT_TRUE(killed.out_of_memory);
  EXPECT_EQ(killed.exit_code, 137);
}

std::string manifest(const std::string& digest, const std::string& architecture, const std::string& variant = "") {
  return R"({"Descriptor":{"digest":")" + digest + R"(","platform":{"os":"linux","architecture":")" + architecture +
         R"(","variant":")" + variant + R"("}}})";
}

TEST(DockerJson, PicksTheManifestOfThePlatform) {
  const std::string list = "[" + manifest(kDigestA, "amd64") + "," + manifest(kDigestB, "arm64", "v8") + "]";
  EXPECT_EQ(read_manifest_digest(list, "linux/amd64"), kDigestA);
  EXPECT_EQ(read_manifest_digest(list, "linux/arm64"), kDigestB);
  EXPECT_EQ(read_manifest_digest(list, "linux/arm64/v8"), kDigestB);
  EXPECT_EQ(read_manifest_digest(list, "linux/arm64/v9"), std::nullopt);
  EXPECT_EQ(read_manifest_digest(list, "linux/riscv64"), std::nullopt);
  EXPECT_EQ(read_manifest_digest(list, ""), std::nullopt) << "which of the two is not for us to guess";
  EXPECT_EQ(read_manifest_digest(manifest(kDigestA, "amd64"), ""), kDigestA);
  EXPECT_EQ(read_manifest_digest(manifest("sha256:short", "amd64"), "linux/amd64"), std::nullopt);
}

TEST(DockerJson, AMetadataDigestIsADigestOrNothing) {
  EXPECT_EQ(read_metadata_digest(std::string(R"({"containerimage.digest":")") + kDigestA + R"("})"), kDigestA);
  EXPECT_EQ(read_metadata_digest(R"({"containerimage.digest":"sha256:XYZ"})"), "");
  EXPECT_EQ(read_metadata_digest("{}"), "");
}

TEST(DockerJson, RefusesWhatIsNoJson) {
  EngineInfo info;
  try {
    read_info("Cannot connect", info);
    FAIL();
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kEngineFailed);
    EXPECT_EQ(error.where()->file, "docker info");
  }
}

TEST(DockerJson, TheFirstNumberOfAVersionIsItsMajor) {
  EXPECT_EQ(major_version("26.1.5+dfsg1"), 26);
  EXPECT_EQ(major_version("20.10.24"), 20);
  EXPECT_EQ(major_version("dev"), 0);
}

}  // namespace
}  // namespace envforge::engine
