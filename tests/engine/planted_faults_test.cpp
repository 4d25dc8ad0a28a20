// Faults as people really make them, planted in images and in docker's flags: each must be found, named by its layer,
// and told with the line that mends it. docs/faults.md lists them all.
#include "engine/verified_image.hpp"

namespace envforge::testing {
namespace {

using protocol::Layer;
using protocol::Verdict;
using ::testing::HasSubstr;

class PlantedFault : public VerifiedImage {
 protected:
  void library(const std::string& path, const std::string& soname) {
    image_.file(path, tests::elf_library({soname, {}, "", "", {}}));
  }
  void package(const std::string& name, const std::string& version, const std::vector<std::string>& files) {
    std::string list;
    for (const auto& file : files) list += file + "\n";
    image_.file("/var/lib/dpkg/info/" + name + ":amd64.list", list);
    status_ += "Package: " + name + "\nVersion: " + version + "\n\n";
    image_.file("/var/lib/dpkg/status", status_);
  }

  std::string status_;
};

TEST_F(PlantedFault, ThatLiesInTheImageIsNamedSoWithTheLineThatMendsIt) {
  tests::with_torch_26(tests::with_glibc(image_));
  const std::string system = "/usr/lib/x86_64-linux-gnu";
  // Debian's own CUDA packages and its driver R535, baked in.
  library(system + "/libcublas.so.12.0.1.189", "libcublas.so.12");
  image_.link(system + "/libcublas.so.12", "libcublas.so.12.0.1.189");
  package("libcublas12", "12.0.1.189~12.0.1-2", {system + "/libcublas.so.12.0.1.189"});
  library(system + "/libcuda.so.535.183.01", "libcuda.so.1");
  image_.link(system + "/libcuda.so.1", "libcuda.so.535.183.01");
  package("libcuda1", "535.183.01-1~deb12u1", {system + "/libcuda.so.535.183.01"});
  // An older NCCL, a second cuDNN and a stub on LD_LIBRARY_PATH, which begins with a colon.
  library("/opt/old/libnccl.so.2.18.5", "libnccl.so.2");
  image_.link("/opt/old/libnccl.so.2", "libnccl.so.2.18.5");
  library("/opt/old/libcudnn_ops.so.9", "libcudnn_ops.so.9");
  library("/usr/local/cuda/lib64/stubs/libcuda.so.1", "libcuda.so.1");
  const auto run = verify(build("ENV LD_LIBRARY_PATH=:/opt/old:/usr/lib/x86_64-linux-gnu:/usr/local/cuda/lib64/stubs "
                                "CUDA_VISIBLE_DEVICES= NCCL_P2P_DISABLE=1"),
                          {"--skip", "torch"});
  EXPECT_EQ(run.outcome.exit_code, 1);
  const auto libraries = run.check("audit.libraries");
  expect(libraries, Verdict::kFail, Layer::kImage, "libnccl.so.2 2.18.5 beside 2.21.5",
         "take /opt/old out of LD_LIBRARY_PATH");
  EXPECT_THAT(libraries.reason, HasSubstr("libcudnn would be mixed from different releases"));
  EXPECT_THAT(libraries.reason, HasSubstr("libcublas.so.12 12.0.1.189~12.0.1-2 beside 12.4.5.8"));
  EXPECT_THAT(libraries.mend, HasSubstr("take /usr/lib/x86_64-linux-gnu out of LD_LIBRARY_PATH"));
  const auto baked = run.check("container.baked-driver");
  expect(baked, Verdict::kFail, Layer::kImage, "/libcuda.so.535.183.01 (apt libcuda1 535.183.01-1~deb12u1)",
         "apt-get remove libcuda1");
  EXPECT_THAT(baked.reason, HasSubstr("/usr/local/cuda/lib64/stubs/libcuda.so.1 is a stub"));
  expect(run.check("container.search-path"), Verdict::kFail, Layer::kImage, "an empty entry, which means the working",
         "take /usr/local/cuda/lib64/stubs out of LD_LIBRARY_PATH");
  const auto environment = run.check("container.environment");
  expect(environment, Verdict::kFail, Layer::kImage, "CUDA_VISIBLE_DEVICES='' hides every GPU",
         "-e CUDA_VISIBLE_DEVICES");
  EXPECT_THAT(environment.reason, HasSubstr("NCCL_P2P_DISABLE='1' keeps NCCL from copying between GPUs directly"));
}

TEST_F(PlantedFault, ThatLiesInDockersFlagsIsNamedSoWithTheFlagThatMendsIt) {
  tests::with_glibc(image_);
  const auto run = verify(build(""), {"--only", "container", "--", "--shm-size=64m", "--ulimit=memlock=65536:65536",
                                      "--tmpfs=/dev/infiniband", "--env=NCCL_SOCKET_IFNAME=ib0", "--network=none"});
  expect(run.check("container.shm"), Verdict::kDegraded, Layer::kContainerFlags, "/dev/shm has", "--shm-size");
  expect(run.check("container.memlock"), Verdict::kDegraded, Layer::kContainerFlags, "may be locked",
         "--ulimit memlock=-1");
  expect(run.check("container.environment"), Verdict::kFail, Layer::kContainerFlags,
         "NCCL_SOCKET_IFNAME='ib0' names no interface of this container, which has lo", "--network host");
  EXPECT_EQ(run.check("container.ipc").verdict, Verdict::kPass);
  EXPECT_THAT(run.check("container.ipc").summary, HasSubstr("IPC namespace: own"));
  EXPECT_EQ(run.check("container.system-calls").verdict, Verdict::kPass);
}

TEST_F(PlantedFault, OfSharedMemoryThatIsNotThereIsAFailureOfTheFlags) {
  tests::with_glibc(image_);
  const auto run =
      verify(build(""), {"--only", "container.ipc", "--only", "container.shm", "--", "--ipc=none", "--network=none"});
  expect(run.check("container.ipc"), Verdict::kFail, Layer::kContainerFlags, "in /dev/shm", "--shm-size 1g");
}

TEST_F(PlantedFault, OfTooFewProcessesIsToldWithTheirNumber) {
  tests::with_glibc(image_);
  const std::string image = build("");
  Verified run;
  // runc's own threads count too until it becomes the driver: under load it may not get so far.
  for (int attempt = 0; attempt < 20; ++attempt) {
    run = verify(image, {"--only", "container.pids", "--", "--pids-limit=2", "--cpuset-cpus=0-1"});
    if (run.outcome.out.find("EF5311") == std::string::npos) break;
  }
  const auto pids = run.check("container.pids");
  if (pids.verdict == Verdict::kPass) GTEST_SKIP() << "this engine does not limit processes: " << pids.summary;
  expect(pids, Verdict::kDegraded, Layer::kContainerFlags, "only 2 processes and threads", "--pids-limit -1");
}

TEST_F(PlantedFault, OfASeccompProfileThatRefusesANewCallIsToldBeforeAProgramFails) {
  tests::with_glibc(image_);
  const auto profile = home_.path() / "profile.json";
  support::write_file_atomically(profile, R"({"defaultAction": "SCMP_ACT_ALLOW",
      "syscalls": [{"names": ["faccessat2"], "action": "SCMP_ACT_ERRNO"}]})");
  const auto run =
      verify(build(""), {"--only", "container.system-calls", "--", "--security-opt=seccomp=" + profile.string()});
  expect(run.check("container.system-calls"), Verdict::kFail, Layer::kContainerFlags,
         "the seccomp profile answers faccessat2 with EPERM", "--security-opt seccomp=unconfined");
}

TEST_F(PlantedFault, OfAPreloadedLibraryStopsEverythingBeforeAGroupStarts) {
  tests::with_torch_26(tests::with_glibc(image_));
  image_.file("/etc/ld.so.preload", "/usr/lib/liball-is-well.so\n");
  const auto run = verify(build(""), {"--skip", "torch"});
  EXPECT_EQ(run.outcome.exit_code, 1);
  const auto libraries = run.check("audit.libraries");
  expect(libraries, Verdict::kFail, Layer::kImage, "/etc/ld.so.preload names", "remove /etc/ld.so.preload from the image");
}

}  // namespace
}  // namespace envforge::testing
