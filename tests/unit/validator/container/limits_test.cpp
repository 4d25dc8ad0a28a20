#include "container/limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include <envforge/support/files.hpp>

namespace envforge::validator::container {
namespace {

using testing::HasSubstr;

TEST(Limits, OfProcessesAreANumberOrNone) {
  EXPECT_EQ(pids_limit("128\n"), 128);
  EXPECT_EQ(pids_limit("max\n"), std::nullopt);
  EXPECT_EQ(pids_limit(""), std::nullopt);
}

TEST(Limits, OfProcessesLieAnywhereBetweenTheOwnCgroupAndTheRoot) {
  const support::TempDir mounted;
  const auto put = [&](const std::string& folder, const std::string& limit) {
    support::write_file_atomically(mounted.path() / folder / "pids.max", limit + "\n");
  };
  const auto lowest = [&](const std::string& cgroups) { return lowest_pids_limit(cgroups, mounted.path().string()); };
  EXPECT_FALSE(lowest("0::/slurm/job_7/step_0\n")) << "no file";
  put("slurm", "max");
  put("slurm/job_7", "60");
  put("slurm/job_7/step_0", "max");
  const auto job = lowest("0::/slurm/job_7/step_0\n");
  ASSERT_TRUE(job) << "version 2";
  EXPECT_EQ(job->limit, 60);
  EXPECT_EQ(job->file, (mounted.path() / "slurm/job_7/pids.max").string());
  EXPECT_FALSE(lowest("0::/\n")) << "the root of a namespace has no limit here";
  put("pids/unit", "512");
  EXPECT_EQ(lowest("9:memory:/unit\n8:pids:/unit\n0::/other\n")->limit, 512) << "version 1";
  put("pids", "40");
  EXPECT_EQ(lowest("8:pids:/unit\n")->limit, 40) << "the lowest on the way";
  EXPECT_EQ(lowest("8:pids:/docker/0123\n")->limit, 40) << "a path of the host: the container's own is mounted";
  EXPECT_EQ(lowest("8:pids:/../../unit\n")->limit, 40) << "outside of this namespace";
  EXPECT_FALSE(lowest("nonsense")) << "nothing to read";
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

TEST(Limits, ADeviceFileThatCannotBeOpenedIsNamed) {
  const support::TempDir dev;
  support::write_file_atomically(dev.path() / "nvidia0", "");
  const auto found = closed_devices({(dev.path() / "nvidia0").string(), (dev.path() / "nvidia1").string()});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, HasSubstr("nvidia1 is not in the container"));
}

TEST(Limits, SharedMemoryIsHeldAgainstDockersDefaultAndAgainstNccl) {
  EXPECT_THAT(judge_shm(kDockersShm, 0).at(0).what, HasSubstr("/dev/shm has 67.1 MB: too little for data loaders"));
  EXPECT_TRUE(judge_shm(kDockersShm + 1, 1).empty()) << "one GPU: no ring";
  EXPECT_EQ(shm_of_nccl(1), 0U);
  EXPECT_EQ(shm_of_nccl(2), 4U * 9637888U) << "fits in Docker's 64 MiB, as two GPUs do in NVIDIA/nccl issue 1518";
  EXPECT_GT(shm_of_nccl(4), kDockersShm) << "and four do not";
  const auto eight = judge_shm(65ULL << 20, 8);
  ASSERT_EQ(eight.size(), 1U);
  EXPECT_THAT(eight[0].what, HasSubstr("NCCL needs about 154 MB for 8 GPUs"));
  EXPECT_THAT(eight[0].mend, HasSubstr("--shm-size 1g"));
  EXPECT_TRUE(judge_shm(1ULL << 30, 8).empty());
}

TEST(Limits, ThreadsAndLockedMemoryHaveTheirMends) {
  EXPECT_TRUE(judge_pids(std::nullopt, "", 64).empty());
  EXPECT_TRUE(judge_pids(65, "pids.max", 64).empty());
  EXPECT_THAT(judge_pids(64, "pids.max", 64).at(0).mend, HasSubstr("--pids-limit -1"));
  EXPECT_TRUE(judge_memlock(std::nullopt).empty());
  EXPECT_THAT(judge_memlock(65536).at(0).what, HasSubstr("only 65536 bytes may be locked"));
}

TEST(Limits, TheContainersGpusAreCountedByTheirDeviceFiles) {
  const support::TempDir dev;
  for (const char* name : {"nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia", "null"}) {
    support::write_file_atomically(dev.path() / name, "");
  }
  EXPECT_EQ(gpu_device_files(dev.path().string()).size(), 2U);
  EXPECT_TRUE(gpu_device_files((dev.path() / "absent").string()).empty());
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
