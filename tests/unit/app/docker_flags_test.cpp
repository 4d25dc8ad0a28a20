#include "app/docker_flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <envforge/support/error.hpp>

namespace envforge::app {
namespace {

using Words = std::vector<std::string>;
using ::testing::HasSubstr;

std::string told(const Words& flags) {
  try {
    check_docker_flags(flags);
    return "";
  } catch (const support::Error& error) {
    EXPECT_EQ(error.code(), support::ErrorCode::kUsage);
    return error.message();
  }
}

TEST(DockerFlags, SayHowAnImageIsRun) {
  for (const Words& flags : {Words{},
                             {"--ipc=host", "--shm-size", "8g", "--privileged"},
                             {"-v", "/data:/data", "-eA=-x", "-e", "B"},
                             {"--read-only", "-u", "1000:1000", "--label", "team=a"},
                             {"-Pm", "4g"}}) {
    EXPECT_EQ(told(flags), "") << flags.size();
  }
}

TEST(DockerFlags, MayNotTakeTheValidatorsPlaceNorItsNamePipesAndEnd) {
  for (const char* flag : {"--entrypoint=/bin/sh", "--name=x", "--rm", "-d", "-it", "-i", "--tty=false", "--cidfile=f",
                           "--label=dev.envforge.owner=x", "--restart=always", "--pull=always", "-Pit"}) {
    EXPECT_THAT(told({flag, "value"}), HasSubstr("is verify's own")) << flag;
  }
  EXPECT_THAT(told({"--entrypoint", "/bin/sh"}), HasSubstr("--entrypoint is verify's own"));
  EXPECT_THAT(told({"-l", "dev.envforge.owner=x"}), HasSubstr("is verify's own"));
}

TEST(DockerFlags, HaveNoWordThatDockerWouldTakeForTheImage) {
  for (const Words& flags : {Words{"other:image"},
                             {"--privileged", "other"},
                             {"-eA=1", "other"},
                             {"--"},
                             {"-"},
                             {""},
                             {"--shm-size=1g", "other"},
                             {"-P", "other"}}) {
    EXPECT_THAT(told(flags), HasSubstr("is no flag; docker would take it for the image")) << flags.front();
  }
  EXPECT_THAT(told({"--shm-size"}), HasSubstr("--shm-size has no value"));
  EXPECT_THAT(told({"-e"}), HasSubstr("-e has no value"));
  EXPECT_THAT(told({"-X"}), HasSubstr("-X is no flag of docker run"));
}

}  // namespace
}  // namespace envforge::app
