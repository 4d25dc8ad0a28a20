#include "container/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace envforge::validator::container {
namespace {

using testing::HasSubstr;

TEST(Limits, OfProcessesAreANumberOrNone) {
  EXPECT_EQ(pids_limit("128\n"), 128);
  EXPECT_EQ(pids_limit("max\n"), std::nullopt);
  EXPECT_EQ(pids_limit(""), std::nullopt);
}

TEST(Limits, TheFirstNamespacesOfAMachineAreKnownByTheirNumbers) {
  EXPECT_EQ(namespace_owner("ipc", "ipc:[4026531839]"), "the kernel's first");
  EXPECT_EQ(namespace_owner("ipc", "ipc:[4026532871]"), "own");
  EXPECT_EQ(namespace_owner("net", "net:[4026531992]"), "") << "has no fixed number";
  EXPECT_EQ(namespace_owner("pid", ""), "");
}

TEST(Limits, ADeviceThatTheCgroupTookAwayIsToldFromOneThatIsNotThere) {
  EXPECT_THAT(judge_device("/dev/nvidiactl", ENOENT).what, HasSubstr("/dev/nvidiactl is not in the container"));
  EXPECT_THAT(judge_device("/dev/nvidiactl", ENOENT).mend, HasSubstr("docker run --gpus all"));
  EXPECT_THAT(judge_device("/dev/nvidiactl", EPERM).what, HasSubstr("the device cgroup does not allow /dev/nvidiactl"));
  EXPECT_THAT(judge_device("/dev/nvidiactl", EPERM).mend, HasSubstr("systemctl daemon-reload"));
  EXPECT_THAT(judge_device("/dev/nvidiactl", EACCES).mend, HasSubstr("run as a user who may open it"));
}

TEST(Limits, DriverCapabilitiesThatLeaveComputeOutAreNamed) {
  EXPECT_THAT(missing_capabilities("graphics,utility"), testing::ElementsAre("compute"));
  EXPECT_THAT(missing_capabilities("video"), testing::ElementsAre("compute", "utility"));
  for (const char* value : {"", "all", "compute,utility", "utility, compute ,video"})
    EXPECT_THAT(missing_capabilities(value), testing::IsEmpty()) << value;
}

TEST(Limits, ACallThatTheProfileRefusesNamesTheEngineVersionThatKnowsIt) {
  EXPECT_TRUE(judge_refused({}).empty());
  const auto found = judge_refused({{"clone3", "glibc 2.34 and later cannot start threads"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, HasSubstr("clone3 with EPERM: glibc 2.34"));
  EXPECT_THAT(found[0].mend, HasSubstr("--security-opt seccomp=unconfined"));
}

}  // namespace
}  // namespace envforge::validator::container
