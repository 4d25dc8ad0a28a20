#include "container/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envforge::validator::container {
namespace {

using testing::HasSubstr;

TEST(Limits, OfProcessesAreANumberOrNone) {
  EXPECT_EQ(pids_limit("128\n"), 128);
  EXPECT_EQ(pids_limit("max\n"), std::nullopt);
  EXPECT_EQ(pids_limit(""), std::nullopt);
}

TEST(Limits, TheFirstNamespacesOfAMachineAreKnownByTheirNumbers) {
  EXPECT_EQ(namespace_owner("ipc", "ipc:[4026531839]"), "the host's");
  EXPECT_EQ(namespace_owner("ipc", "ipc:[4026532871]"), "own");
  EXPECT_EQ(namespace_owner("net", "net:[4026531992]"), "") << "has no fixed number";
  EXPECT_EQ(namespace_owner("pid", ""), "");
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
